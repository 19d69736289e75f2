using System.Collections.Immutable;
using System.Net;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>Each caller gets exactly what its scopes, its user and the patient's consents let it have, on every way to data.</summary>
public sealed class AccessTests
{
    private const string Labelled = """ "security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]""";
    private const string Category = "http://terminology.hl7.org/CodeSystem/observation-category";

    private static readonly string[] _data =
    [
        """{"resourceType":"Organization","id":"clinic","name":"Clinic"}""",
        """{"resourceType":"Organization","id":"other","name":"Other"}""",
        """{"resourceType":"Practitioner","id":"lee","name":[{"family":"Lee"}]}""",
        """{"resourceType":"PractitionerRole","id":"lee-role","practitioner":{"reference":"Practitioner/lee"},"organization":{"reference":"Organization/clinic"}}""",
        """{"resourceType":"PractitionerRole","id":"old-role","active":false,"practitioner":{"reference":"Practitioner/lee"},"organization":{"reference":"Organization/other"}}""",
        """{"resourceType":"Patient","id":"amy","name":[{"family":"Rivera"}],"managingOrganization":{"reference":"Organization/clinic"}}""",
        """{"resourceType":"Patient","id":"ben","name":[{"family":"Rivera"}],"managingOrganization":{"reference":"Organization/other"},"link":[{"other":{"reference":"Patient/amy"},"type":"seealso"}]}""",
        """{"resourceType":"Patient","id":"cat","name":[{"family":"Rivera"}],"generalPractitioner":[{"reference":"Practitioner/lee"}]}""",
        """{"resourceType":"RelatedPerson","id":"mum","patient":{"reference":"Patient/ben"}}""",
        Observation("a1", "amy", "vital-signs", "8867-4"),
        Observation("a2", "amy", "laboratory", "2345-7"),
        Observation("b1", "ben", "vital-signs", "8867-4"),
        Observation("c1", "cat", "vital-signs", "8867-4"),
        """{"resourceType":"Encounter","id":"eb","status":"finished","class":{"code":"VR"},"subject":{"reference":"Patient/ben"}}""",
        """{"resourceType":"Observation","id":"none","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]}}""",
    ];

    private static Caller Amy { get; } = PatientApp("amy", "patient/*.cruds");

    private static Caller Lee { get; } = Clinician("user/*.cruds");

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_patients_app_finds_that_patients_record_and_nothing_else(DatabaseProvider provider)
    {
        await using var store = await FilledAsync(provider);

        Assert.Equal(["a1", "a2"], await IdsAsync(store, Amy, "Observation?"));
        Assert.Equal(["a1"], await IdsAsync(store, Amy, "Observation?code=8867-4"));
        Assert.Equal(["amy"], await IdsAsync(store, Amy, "Patient?family=rivera"));
        Assert.Empty(await IdsAsync(store, Amy, "Observation?subject=Patient/ben"));
        Assert.Empty(await IdsAsync(store, Amy, "Observation?_id=b1"));
        Assert.Empty(await IdsAsync(store, Amy, "Observation?subject:Patient._id=ben"));
        Assert.Empty(await IdsAsync(store, Amy, "Patient?_has:Encounter:patient:status=finished"));
        Assert.Equal(["lee"], await IdsAsync(store, Amy, "Practitioner?"));
        Assert.Equal(2, (await SearchAsync(store, Amy, "Observation?_total=accurate&_count=1")).Total);
        Assert.Equal(0, (await SearchAsync(store, Amy, "Observation?subject=Patient/ben&_count=0")).Total);
        Assert.Equal(["amy"], (await SearchAsync(store, Amy, "Observation?_include=Observation:subject")).Included.Select(one => one.Key.Id));
        Assert.Equal(["a1", "a2"], (await SearchAsync(store, Amy, "Patient?_revinclude=Observation:subject")).Included.Select(one => one.Key.Id).Order());
        Assert.Equal(["a1", "a2", "amy", "clinic", "lee", "lee-role", "old-role", "other"], (await IdsAsync(store, Amy, "?")).Order());
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_is_anothers_reads_like_what_never_was(DatabaseProvider provider)
    {
        await using var store = await FilledAsync(provider);
        await store.CommitAsync(new DeleteChange(TestStore.KeyOf("Observation/b1")), new DeleteChange(TestStore.KeyOf("Observation/a2")));

        Assert.NotNull(await ReadAsync(store, Amy, "Observation/a1"));
        Assert.True((await ReadAsync(store, Amy, "Observation/a2"))!.IsDeleted);
        foreach (var other in (string[])["Observation/b1", "Observation/c1", "Patient/ben", "Encounter/eb", "Observation/none", "Observation/never"])
        {
            Assert.Null(await ReadAsync(store, Amy, other));
        }

        Assert.Null(await ReadAsync(store, Amy, "Observation/b1/_history/1"));
        Assert.NotNull(await ReadAsync(store, Amy, "Observation/a2/_history/1"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Each_version_is_judged_by_its_own_content(DatabaseProvider provider)
    {
        await using var store = await FilledAsync(provider);
        await store.PutAsync(Observation("a1", "ben", "vital-signs", "8867-4"));
        await store.PutAsync(Observation("b1", "amy", "vital-signs", "8867-4"));

        Assert.Null(await ReadAsync(store, Amy, "Observation/a1"));
        Assert.NotNull(await ReadAsync(store, Amy, "Observation/a1/_history/1"));
        Assert.Null(await ReadAsync(store, Amy, "Observation/b1/_history/1"));
        Assert.NotNull(await ReadAsync(store, Amy, "Observation/b1/_history/2"));
        Assert.Equal(["Observation/b1/_history/2"], await HistoryAsync(store, Amy, new HistoryQuery { Type = "Observation", Id = "b1" }));
        Assert.Equal(
            ["Observation/a1/_history/1", "Observation/a2/_history/1", "Observation/b1/_history/2"],
            (await HistoryAsync(store, Amy, new HistoryQuery { Type = "Observation" })).Order());
        Assert.DoesNotContain(await HistoryAsync(store, Amy, new HistoryQuery()), name => name.Contains("/ben", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_granular_scope_filters_every_way_to_its_type(DatabaseProvider provider)
    {
        await using var store = await FilledAsync(provider);
        var labs = PatientApp("amy", $"patient/Observation.rs?category={Category}|laboratory", "patient/Patient.rs");

        Assert.Equal(["a2"], await IdsAsync(store, labs, "Observation?"));
        Assert.Equal(1, (await SearchAsync(store, labs, "Observation?_count=0")).Total);
        Assert.Null(await ReadAsync(store, labs, "Observation/a1"));
        Assert.NotNull(await ReadAsync(store, labs, "Observation/a2"));
        Assert.Equal(["a2"], (await SearchAsync(store, labs, "Patient?_revinclude=Observation:subject")).Included.Select(one => one.Key.Id));
        Assert.Empty(await IdsAsync(store, labs, "Patient?_has:Observation:subject:code=8867-4"));
        Assert.Equal(["amy"], await IdsAsync(store, labs, "Patient?_has:Observation:subject:code=2345-7"));

        var both = PatientApp("amy", $"patient/Observation.rs?category={Category}|laboratory", $"patient/Observation.rs?category={Category}|vital-signs");
        Assert.Equal(["a1", "a2"], await IdsAsync(store, both, "Observation?"));

        // What cannot be understood opens nothing.
        foreach (var filter in (string[])["nonsense=1", "subject.name=x", "code:not=x", "category"])
        {
            Assert.Empty(await IdsAsync(store, PatientApp("amy", $"patient/Observation.rs?{filter}"), "Observation?"));
        }
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_type_without_a_scope_is_refused_and_never_brought_along(DatabaseProvider provider)
    {
        await using var store = await FilledAsync(provider);
        var app = PatientApp("amy", "patient/Observation.rs");

        await RefusedAsync(HttpStatusCode.Forbidden, () => SearchAsync(store, app, "Patient?"));
        await RefusedAsync(HttpStatusCode.Forbidden, async () => await ReadAsync(store, app, "Patient/amy"));
        await RefusedAsync(HttpStatusCode.Forbidden, () => WriteAsync(store, app, new DeleteChange(TestStore.KeyOf("Observation/a1"))));
        Assert.Empty((await SearchAsync(store, app, "Observation?_include=Observation:subject")).Included);
        Assert.Empty(await IdsAsync(store, app, "Observation?subject:Patient.family=rivera"));
        await RefusedAsync(HttpStatusCode.Forbidden, () => SearchAsync(store, Caller.Anonymous, "Observation?"));
        Assert.Empty(await IdsAsync(store, PatientApp(null, "patient/*.rs"), "Observation?"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_clinician_sees_the_patients_of_the_organization_and_their_own(DatabaseProvider provider)
    {
        await using var store = await FilledAsync(provider);

        Assert.Equal(["amy", "cat"], await IdsAsync(store, Lee, "Patient?"));
        Assert.Equal(["a1", "a2", "c1", "none"], await IdsAsync(store, Lee, "Observation?"));
        Assert.Null(await ReadAsync(store, Lee, "Patient/ben"));
        Assert.Null(await ReadAsync(store, Lee, "Observation/b1"));
        Assert.Equal(["amy", "ben", "cat"], await IdsAsync(store, Lee with { EmergencyPatients = ["ben"] }, "Patient?"));
        Assert.NotNull(await ReadAsync(store, Lee with { EmergencyPatients = ["ben"] }, "Observation/b1"));

        var mother = Caller.User("u3", "app") with { FhirUser = TestStore.KeyOf("RelatedPerson/mum"), Scopes = SmartScope.ParseAll("user/*.rs") };
        Assert.Equal(["b1"], await IdsAsync(store, mother, "Observation?"));
        var nobody = Caller.User("u4", "app") with { Scopes = SmartScope.ParseAll("user/*.rs") };
        Assert.Empty(await IdsAsync(store, nobody, "Patient?"));
        Assert.Equal(["lee"], await IdsAsync(store, nobody, "Practitioner?"));
        var backend = Caller.Client("backend") with { Scopes = SmartScope.ParseAll("system/*.rs") };
        Assert.Equal(["amy", "ben", "cat"], await IdsAsync(store, backend, "Patient?"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Writes_stay_within_reach_before_and_after(DatabaseProvider provider)
    {
        await using var store = await FilledAsync(provider);
        Task<CommitResult> PutAsync(Caller caller, string json) =>
            WriteAsync(store, caller, new PutChange(TestStore.KeyOf($"Observation/{TestStore.Content(json).Resource.Id}"), TestStore.Content(json)));

        await PutAsync(Amy, Observation("a1", "amy", "vital-signs", "8867-4", status: "amended"));
        await PutAsync(Amy, Observation("new", "amy", "vital-signs", "8867-4"));
        await RefusedAsync(HttpStatusCode.Forbidden, () => PutAsync(Amy, Observation("a1", "ben", "vital-signs", "8867-4")));
        await RefusedAsync(HttpStatusCode.Forbidden, () => PutAsync(Amy, Observation("new2", "ben", "vital-signs", "8867-4")));
        await RefusedAsync(HttpStatusCode.NotFound, () => PutAsync(Amy, Observation("b1", "amy", "vital-signs", "8867-4")));
        await RefusedAsync(HttpStatusCode.Forbidden, () => WriteAsync(
            store, Amy, new CreateChange(new ResourceKey("Observation", "x"), TestStore.Content(Observation("x", "ben", "vital-signs", "8867-4")))));

        // To a deletion what is anothers was never there.
        var deleted = await WriteAsync(store, Amy, new DeleteChange(TestStore.KeyOf("Observation/b1")));
        Assert.Equal((ChangeOutcome.Unchanged, null), (deleted.Results[0].Outcome, deleted.Results[0].Resource));
        Assert.Equal(1, (await store.ReadAsync("Observation/b1"))!.Key.Version);

        // All or nothing: one entry out of reach, and none is written.
        await RefusedAsync(HttpStatusCode.Forbidden, () => WriteAsync(
            store,
            Amy,
            new CreateChange(new ResourceKey("Observation", "y1"), TestStore.Content(Observation("y1", "amy", "vital-signs", "8867-4"))),
            new CreateChange(new ResourceKey("Observation", "y2"), TestStore.Content(Observation("y2", "ben", "vital-signs", "8867-4")))));
        Assert.Null(await store.ReadAsync("Observation/y1"));

        // A clinician admits a patient to the own organization and to no other.
        const string admitted = """{"resourceType":"Patient","id":"dan","managingOrganization":{"reference":"Organization/clinic"}}""";
        const string foreign = """{"resourceType":"Patient","id":"eve","managingOrganization":{"reference":"Organization/other"}}""";
        await WriteAsync(store, Lee, new CreateChange(new ResourceKey("Patient", "dan"), TestStore.Content(admitted)));
        await RefusedAsync(
            HttpStatusCode.Forbidden, () => WriteAsync(store, Lee, new CreateChange(new ResourceKey("Patient", "eve"), TestStore.Content(foreign))));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_is_labelled_above_the_clearance_is_withheld(DatabaseProvider provider)
    {
        await using var store = await FilledAsync(provider);
        await store.PutAsync(Observation("a1", "amy", "vital-signs", "8867-4").Replace("\"status\"", $"\"meta\":{{{Labelled}}},\"status\"", StringComparison.Ordinal));
        var system = Caller.Client("backend") with { Scopes = SmartScope.ParseAll("system/*.rs") };

        Assert.DoesNotContain("a1", await IdsAsync(store, Lee, "Observation?"));
        Assert.DoesNotContain("a1", await IdsAsync(store, system, "Observation?"));
        Assert.Null(await ReadAsync(store, Lee, "Observation/a1"));
        Assert.NotNull(await ReadAsync(store, Lee, "Observation/a1/_history/1"));
        Assert.Null(await ReadAsync(store, Lee, "Observation/a1/_history/2"));
        Assert.Contains("a1", await IdsAsync(store, Lee with { Clearance = Confidentiality.Restricted }, "Observation?"));
        Assert.Contains("a1", await IdsAsync(store, Amy, "Observation?"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task An_active_consent_that_denies_acts_at_once_and_ends_at_once(DatabaseProvider provider)
    {
        await using var store = await FilledAsync(provider);
        static string Consent(string status, string provision) =>
            $$"""{"resourceType":"Consent","id":"no","status":"{{status}}","scope":{"text":"privacy"},"category":[{"text":"x"}],"patient":{"reference":"Patient/amy"},"provision":{{provision}}}""";

        await store.PutAsync(Consent("active", """{"type":"deny"}"""));
        Assert.Equal(["cat"], await IdsAsync(store, Lee, "Patient?"));
        Assert.Equal(["c1", "none"], await IdsAsync(store, Lee, "Observation?"));
        Assert.Equal(2, (await SearchAsync(store, Lee, "Observation?_count=0")).Total);
        Assert.Null(await ReadAsync(store, Lee, "Observation/a1"));
        Assert.Equal(["a1", "a2"], await IdsAsync(store, Amy, "Observation?"));
        Assert.Contains("a1", await IdsAsync(store, Lee with { EmergencyPatients = ["amy"] }, "Observation?"));

        await store.PutAsync(Consent("active", """{"type":"permit","provision":[{"type":"deny","actor":[{"role":{"text":"x"},"reference":{"reference":"Practitioner/someone"}}]}]}"""));
        Assert.Contains("a1", await IdsAsync(store, Lee, "Observation?"));
        await store.PutAsync(Consent("active", """{"type":"permit","provision":[{"type":"deny","actor":[{"role":{"text":"x"},"reference":{"reference":"Organization/clinic"}}]}]}"""));
        Assert.DoesNotContain("a1", await IdsAsync(store, Lee, "Observation?"));
        await store.PutAsync(Consent("active", """{"type":"deny","class":[{"system":"http://hl7.org/fhir/resource-types","code":"Encounter"}]}"""));
        Assert.Contains("a1", await IdsAsync(store, Lee, "Observation?"));
        await store.PutAsync(Consent("active", """{"type":"deny","period":{"end":"2001-01-01"}}"""));
        Assert.Contains("a1", await IdsAsync(store, Lee, "Observation?"));
        await store.PutAsync(Consent("active", """{"type":"deny"}"""));
        Assert.DoesNotContain("a1", await IdsAsync(store, Lee, "Observation?"));
        await store.PutAsync(Consent("inactive", """{"type":"deny"}"""));
        Assert.Contains("a1", await IdsAsync(store, Lee, "Observation?"));
    }

    private static async Task<TestStore> FilledAsync(DatabaseProvider provider)
    {
        var store = await TestStore.CreateAsync(provider);
        foreach (var json in _data)
        {
            await store.PutAsync(json);
        }

        return store;
    }

    private static Caller PatientApp(string? patient, params string[] scopes) => Caller.User("u1", "app") with
    {
        Patient = patient,
        FhirUser = patient is null ? null : new ResourceKey("Patient", patient),
        Scopes = SmartScope.ParseAll(string.Join(' ', scopes)),
    };

    private static Caller Clinician(string scopes) => Caller.User("u2", "app") with
    {
        FhirUser = new ResourceKey("Practitioner", "lee"),
        Scopes = SmartScope.ParseAll(scopes),
    };

    private static async Task<string[]> IdsAsync(TestStore store, Caller caller, string search) =>
        [.. (await SearchAsync(store, caller, search)).Matches.Select(match => match.Key.Id).Order(StringComparer.Ordinal)];

    private static Task<SearchPage> SearchAsync(TestStore store, Caller caller, string search) =>
        store.Store.SearchAsync(caller, store.Parse(search), TestContext.Current.CancellationToken);

    private static ValueTask<StoredResource?> ReadAsync(TestStore store, Caller caller, string reference) =>
        store.Store.ReadAsync(caller, TestStore.KeyOf(reference), TestContext.Current.CancellationToken);

    private static async Task<IEnumerable<string>> HistoryAsync(TestStore store, Caller caller, HistoryQuery query) =>
        (await store.Store.HistoryAsync(caller, query, TestContext.Current.CancellationToken)).Entries.Select(version => version.Key.ToString());

    private static Task<CommitResult> WriteAsync(TestStore store, Caller caller, params ImmutableArray<Change> changes) =>
        store.Store.CommitAsync(caller, new ChangeSet(changes, []), TestContext.Current.CancellationToken);

    private static async Task RefusedAsync(HttpStatusCode status, Func<Task> act) =>
        Assert.Equal(status, (await Assert.ThrowsAsync<FhirException>(act)).Status);

    private static string Observation(string id, string patient, string category, string code, string status = "final") =>
        $$$"""{"resourceType":"Observation","id":"{{{id}}}","status":"{{{status}}}","category":[{"coding":[{"system":"{{{Category}}}","code":"{{{category}}}"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"{{{code}}}"}]},"subject":{"reference":"Patient/{{{patient}}}"}}""";
}
