using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using TeleFhir.Api.Tests.Smart.Bearer;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Api.Tests.Visits;

/// <summary>
/// A clinic with two patients and two clinicians, each with a token, on SQLite. Every visit that is made is another one, at another time.
/// </summary>
public class VisitHost : IAsyncLifetime
{
    public const string Amy = "amy";
    public const string Ben = "ben";
    public const string Lee = "lee";
    public const string Okoye = "okoye";
    public const string Ruiz = "ruiz";
    public const string Backend = "backend";

    private readonly IssuerProcess _issuer = new();
    private readonly Dictionary<string, string> _tokens = [];
    private int _visits;

    public TelehealthHost Server { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync()
    {
        await _issuer.InitializeAsync();
        Server = await StartAsync();
        _tokens[Backend] = await _issuer.MintAsync(seconds: 3000);
        foreach (var patient in (string[])[Amy, Ben])
        {
            _tokens[patient] = await _issuer.MintAsync(
                scopes: "patient/*.cruds", subject: $"u-{patient}", patient: patient, fhirUser: $"Patient/{patient}", seconds: 3000);
        }

        foreach (var doctor in (string[])[Lee, Okoye, Ruiz])
        {
            _tokens[doctor] = await _issuer.MintAsync(scopes: "user/*.cruds", subject: $"u-{doctor}", fhirUser: $"Practitioner/{doctor}", seconds: 3000);
        }

        await PutAsync("Organization/clinic", """ "name":"Clinic" """);
        foreach (var patient in (string[])[Amy, Ben])
        {
            await PutAsync($"Patient/{patient}", $$""" "name":[{"given":["{{patient}}"],"family":"Rivera"}],"managingOrganization":{"reference":"Organization/clinic"} """);
        }

        foreach (var doctor in (string[])[Lee, Okoye, Ruiz])
        {
            await PutAsync($"Practitioner/{doctor}", $$""" "active":true,"name":[{"text":"Dr. {{doctor}}"}] """);
            await PutAsync($"PractitionerRole/{doctor}", $$""" "practitioner":{"reference":"Practitioner/{{doctor}}"},"organization":{"reference":"Organization/clinic"} """);
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _issuer.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A server on the same database, which may differ.</summary>
    public async Task<TelehealthHost> SecondAsync(params (string Key, string Value)[] settings) =>
        await StartAsync([("ConnectionStrings:TeleFhir", Database), .. settings]);

    public Task<Answer> SendAsync(string caller, string method, string address, string? json = null, TelehealthHost? server = null) =>
        (server ?? Server).SendAsync(method, address, json, $"Authorization: Bearer {_tokens[caller]}");

    /// <summary>The header of a caller.</summary>
    public string Header(string caller) => $"Authorization: Bearer {_tokens[caller]}";

    /// <summary>An operation on an Encounter, with parameters as JSON without the braces of Parameters.</summary>
    public Task<Answer> RunAsync(string caller, string encounter, string operation, string? parameters = null, TelehealthHost? server = null) => SendAsync(
        caller,
        "POST",
        $"/fhir/Encounter/{encounter}/${operation}",
        parameters is null ? null : $$"""{"resourceType":"Parameters","parameter":[{{parameters}}]}""",
        server);

    /// <summary>The token of a <c>$join</c> that has to succeed.</summary>
    public async Task<string> JoinAsync(string caller, string encounter, TelehealthHost? server = null) =>
        Value(await RunAsync(caller, encounter, "join", server: server), "token", "valueString");

    public static string Value(Answer answer, string name, string type)
    {
        Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Created, answer.Body);
        return answer.Json["parameter"]!.AsArray().First(parameter => parameter!["name"]!.GetValue<string>() == name)![type]!.GetValue<string>();
    }

    /// <summary>A visit of Amy with Lee that is booked; its Encounter is planned.</summary>
    public async Task<string> BookAsync(string patient = Amy, string doctor = Lee, string more = "")
    {
        var number = Interlocked.Increment(ref _visits);
        var id = $"visit-{number}";
        var start = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).AddHours(number);
        await PutAsync($"Appointment/{id}", $$"""
            "status":"booked","start":"{{Text(start)}}","end":"{{Text(start.AddMinutes(20))}}","participant":[
             {"actor":{"reference":"Patient/{{patient}}"},"status":"accepted"},{"actor":{"reference":"Practitioner/{{doctor}}"},"status":"accepted"}]
            """);
        await PutAsync($"Encounter/{id}", Encounter(id, "planned", patient, doctor, more));
        return id;
    }

    /// <summary>The same, and the patient has checked in.</summary>
    public async Task<string> CheckInAsync(string patient = Amy, string doctor = Lee, string more = "")
    {
        var id = await BookAsync(patient, doctor, more);
        var appointment = (await SendAsync(Backend, "GET", $"/fhir/Appointment/{id}")).Json;
        appointment["status"] = "checked-in";
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(Backend, "PUT", $"/fhir/Appointment/{id}", appointment.ToJsonString())).Status);
        var encounter = (await SendAsync(Backend, "GET", $"/fhir/Encounter/{id}")).Json;
        encounter["status"] = "arrived";
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(Backend, "PUT", $"/fhir/Encounter/{id}", encounter.ToJsonString())).Status);
        return id;
    }

    public async Task<JsonNode> StoredAsync(string reference) => (await SendAsync(Backend, "GET", $"/fhir/{reference}")).Json;

    public async Task PutAsync(string reference, string content)
    {
        var (type, id) = (reference.Split('/')[0], reference.Split('/')[1]);
        var answer = await SendAsync(Backend, "PUT", $"/fhir/{reference}", $$"""{"resourceType":"{{type}}","id":"{{id}}",{{content}}}""");
        Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Body);
    }

    /// <summary>Asks to be told of a topic, for one visit.</summary>
    public async Task SubscribeAsync(string visit, string topic)
    {
        var answer = await SendAsync(Backend, "PUT", $"/fhir/Subscription/{visit}-{topic}", $$"""
            {"resourceType":"Subscription","id":"{{visit}}-{{topic}}","status":"requested","reason":"x","channel":{"type":"websocket"},
             "criteria":"https://telefhir.dev/fhir/SubscriptionTopic/{{topic}}",
             "_criteria":{"extension":[{"url":"http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-filter-criteria","valueString":"Encounter?_id={{visit}}"}]} }
            """);
        Assert.Equal(HttpStatusCode.Created, answer.Status);
    }

    /// <summary>Waits until so many events of a topic came for a visit.</summary>
    public async Task CountsAsync(string visit, string topic, int expected)
    {
        var counted = "";
        for (var tries = 0; tries < 100 && counted != $"{expected}"; tries++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
            var status = await SendAsync(Backend, "GET", $"/fhir/Subscription/{visit}-{topic}/$status");
            counted = status.Entries[0]!["resource"]!["parameter"]!.AsArray()
                .First(one => one!["name"]!.GetValue<string>() == "events-since-subscription-start")!["valueString"]!.GetValue<string>();
        }

        Assert.Equal($"{topic} {expected}", $"{topic} {counted}");
    }

    protected virtual IEnumerable<(string Key, string Value)> Settings => [];

    protected virtual string Database => Server.Database;

    private Task<TelehealthHost> StartAsync(params (string Key, string Value)[] settings) => _issuer.TrustedAsync(set =>
    {
        foreach (var (key, value) in Settings.Concat(settings))
        {
            set(key, value);
        }
    });

    private static string Encounter(string id, string status, string patient, string doctor, string more) => $$"""
        "status":"{{status}}","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"VR"},"subject":{"reference":"Patient/{{patient}}"},
        "participant":[{"individual":{"reference":"Practitioner/{{doctor}}"} }],"appointment":[{"reference":"Appointment/{{id}}"}],
        {{more}}"serviceProvider":{"reference":"Organization/clinic"}
        """;

    private static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

/// <summary>The same on PostgreSQL.</summary>
public sealed class VisitHostOnPostgreSql : VisitHost
{
    private PostgresDatabase? _database;

    protected override IEnumerable<(string Key, string Value)> Settings =>
        [("Database:Provider", "PostgreSql"), ("ConnectionStrings:TeleFhir", Database)];

    protected override string Database => _database!.ConnectionString;

    public override async ValueTask InitializeAsync()
    {
        _database = await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _database!.DisposeAsync();
    }
}
