using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Audit;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Tests.Audit;

/// <summary>What is logged, how it is chained, and the AuditEvents it becomes.</summary>
public sealed class AuditTrailTests
{
    private const string Chain = "0123456789abcdef";

    private static readonly DateTimeOffset _then = new(2026, 11, 2, 8, 0, 0, 123, TimeSpan.Zero);

    private static readonly AuditEntry _read = new(AuditKind.Rest, "read", _then)
    {
        Status = 200,
        ClientId = "app",
        UserId = "user-1",
        FhirUser = "Practitioner/lee",
        RemoteAddress = "192.0.2.1",
        RequestId = "request-1",
        Touched = [Stored("Observation/o/_history/3", """{"resourceType":"Observation","subject":{"reference":"Patient/amy"},"performer":[{"reference":"Practitioner/lee"}]}""")],
    };

    public static TheoryData<string, int> Interactions
    {
        get
        {
            string[] names =
            [
                "read", "vread", "create", "update", "delete", "search-type", "search-system", "history-instance", "history-type",
                "history-system", "transaction", "batch", "$disclosures",
            ];
            var data = new TheoryData<string, int>();
            foreach (var name in names)
            {
                data.Add(name, 200);
                data.Add(name, 403);
                data.Add(name, 500);
            }

            return data;
        }
    }

    [Fact]
    public void A_record_reads_back_as_it_was_written()
    {
        var record = AuditRecord.Of(_read with { Query = "Observation?code=ä\n\"", Reason = "línea\nlínea", Patients = ["ben"], Resources = ["Organization/x"], EmergencyPatients = ["amy"] });
        record = record with { Omitted = 3, Heads = [new AuditHead(Chain, 17, "ff")] };
        var line = AuditRecordJson.Write(record);

        Assert.DoesNotContain((byte)'\n', line);
        Assert.Equal(line, AuditRecordJson.Write(AuditRecordJson.Read(line)));
        var again = AuditRecordJson.Read(line);
        Assert.Equal((record.Query, record.Reason, record.Recorded, true, 3), (again.Query, again.Reason, again.Recorded, again.IsEmergency, again.Omitted));
        Assert.Equal(["ben", "amy"], again.Subjects.Select(subject => subject.Patient));
        Assert.Equal(record.Heads, again.Heads);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"v":2}""")]
    [InlineData("""{"v":1,"t":"2026-11-02T08:00:00Z","k":0,"e":"read"}""")]
    public void What_is_no_record_is_refused(string line)
    {
        Assert.Throws<FormatException>(() => AuditRecordJson.Read(Encoding.UTF8.GetBytes(line)));
    }

    [Theory]
    [InlineData("Patient/p", """{"resourceType":"Patient","link":[{"other":{"reference":"Patient/q"}}]}""", "p")]
    [InlineData("Observation/o", """{"resourceType":"Observation","subject":{"reference":"Patient/p/_history/2"}}""", "p")]
    [InlineData("Observation/o", """{"resourceType":"Observation","subject":{"reference":"Pat\u0069ent\/p"}}""", "p")]
    [InlineData("Appointment/a", """{"participant":[{"actor":{"reference":"Patient/p"}},{"actor":{"reference":"Patient/q"}},{"actor":{"reference":"Patient/p"}}]}""", "p q")]
    [InlineData("Basic/b", """{"subject":{"reference":"https://elsewhere.example/fhir/Patient/p"},"author":{"display":"Patient/q"}}""", "")]
    [InlineData("Observation/o", "", "")]
    public void The_patients_of_a_resource_are_those_that_it_refers_to(string name, string json, string patients)
    {
        Assert.Equal(patients, string.Join(' ', PatientScan.Run(KeyOf(name), Encoding.UTF8.GetBytes(json))));
    }

    [Theory]
    [InlineData("Observation?patient=p&code=x", "p")]
    [InlineData("Observation?subject=Patient/p,Patient%2Fq", "p q")]
    [InlineData("Observation?subject=p", "")]
    [InlineData("Patient?_id=p", "p")]
    [InlineData("Observation?_id=p", "")]
    [InlineData("?patient", "")]
    [InlineData("Observation?patient=Practitioner/p", "")]
    public void The_patients_of_a_search_are_those_that_it_asks_for(string query, string patients)
    {
        Assert.Equal(patients, string.Join(' ', PatientScan.InQuery(query)));
    }

    [Fact]
    public void A_page_hash_hangs_on_everything_in_it_and_before_it()
    {
        var first = AuditPage.Of([], Chain, 0, 5, [[1], [2, 3]], AuditPage.Origin.Span);
        var next = AuditPage.Of([], Chain, first.Next, 6, [[4]], first.Hash.Span);

        Assert.Equal(2, next.Sequence);
        Assert.Equal([(0L, "1"), (1L, "2,3")], first.Lines().Select(line => (line.Number, string.Join(',', line.Line.ToArray()))));
        AuditPage[] others =
        [
            next with { Chain = "0123456789abcdee" }, next with { Sequence = 3 }, next with { Entries = 2 }, next with { Recorded = 7 },
            next with { Payload = new byte[] { 5 } },
        ];
        Assert.All(others, other => Assert.NotEqual(next.Hash.ToArray(), other.HashOf([], first.Hash.Span)));
        Assert.NotEqual(next.Hash.ToArray(), next.HashOf([], AuditPage.Origin.Span));
        Assert.NotEqual(next.Hash.ToArray(), next.HashOf("a key"u8, first.Hash.Span));
        Assert.Equal(next.Hash.ToArray(), next.HashOf([], first.Hash.Span));
    }

    [Fact]
    public void A_read_becomes_an_AuditEvent_of_the_pattern_for_a_patients_record()
    {
        var made = Assert.Single(AuditEventRendering.Render(Chain, 7, AuditRecord.Of(_read)));

        Assert.Equal($"{Chain}-7", made.Id);
        Assert.Equal(["https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead"], made.Meta!.Profile);
        Assert.Equal(("rest", "read", AuditEvent.AuditEventAction.R), (made.Type!.Code, made.Subtype[0].Code, made.Action));
        Assert.Equal(AuditEvent.AuditEventOutcome.N0, made.Outcome);
        Assert.Equal(_then, made.Recorded);
        Assert.Equal(["110152", "UserOauthAgent", "110153"], made.Agent.Select(agent => agent.Type!.Coding[0].Code));
        Assert.Equal(("app", "192.0.2.1"), (made.Agent[0].Who!.Identifier!.Value, made.Agent[0].Network!.Address));
        Assert.Equal(("Practitioner/lee", "user-1", true), (made.Agent[1].Who!.Reference, made.Agent[1].AltId, made.Agent[1].Requestor));
        Assert.Equal(["Patient/amy", "Observation/o/_history/3", null], made.Entity.Select(entity => entity.What!.Reference));
        Assert.Equal("request-1", made.Entity[2].What!.Identifier!.Value);
    }

    [Fact]
    public void A_search_is_kept_as_it_was_asked_and_each_patient_gets_an_AuditEvent_of_their_own()
    {
        var search = _read with
        {
            Event = "search-type",
            Query = "Observation?code=x",
            Touched =
            [
                Stored("Observation/1", """{"subject":{"reference":"Patient/amy"}}"""), Stored("Observation/2", """{"subject":{"reference":"Patient/ben"}}"""),
                Stored("Observation/3", """{"subject":{"reference":"Patient/amy"}}"""), Stored("Organization/4", "{}"),
            ],
        };
        var made = AuditEventRendering.Render(Chain, 7, AuditRecord.Of(search)).ToList();

        Assert.Equal([$"{Chain}-7", $"{Chain}-7.1"], made.Select(one => one.Id));
        Assert.Equal(["Patient/amy", "Observation/1", "Observation/3", "Organization/4"], made[0].Entity.Select(entity => entity.What?.Reference).OfType<string>());
        Assert.Equal(["Patient/ben", "Observation/2", "Organization/4"], made[1].Entity.Select(entity => entity.What?.Reference).OfType<string>());
        Assert.All(made, one => Assert.Equal("Observation?code=x", Encoding.UTF8.GetString(one.Entity.Single(entity => entity.Query is not null).Query!)));
        Assert.All(made, one => Assert.Equal((Chain, 7), AuditEventRendering.ParseId(one.Id!)!.Value));
    }

    [Fact]
    public void A_query_that_names_other_patients_is_not_in_a_patients_AuditEvent()
    {
        var search = _read with { Event = "search-type", Query = "Observation?patient=amy,ben", Touched = [] };
        var made = AuditEventRendering.Render(Chain, 7, AuditRecord.Of(search)).ToList();

        Assert.Equal(2, made.Count);
        Assert.All(made, one => Assert.DoesNotContain(one.Entity, entity => entity.Query is not null));
    }

    [Fact]
    public void A_broken_glass_is_loud_and_what_it_shows_says_so()
    {
        var start = new AuditEntry(AuditKind.EmergencyAccess, "start", _then) { UserId = "user-1", Patients = ["amy"], Reason = "unconscious", Status = 200 };
        var loud = Assert.Single(AuditEventRendering.Render(Chain, 1, AuditRecord.Of(start)));
        var shown = Assert.Single(AuditEventRendering.Render(Chain, 2, AuditRecord.Of(_read with { EmergencyPatients = ["amy"] })));
        var usual = Assert.Single(AuditEventRendering.Render(Chain, 2, AuditRecord.Of(_read with { EmergencyPatients = ["ben"] })));

        Assert.Equal(("110113", "110127"), (loud.Type!.Code, loud.Subtype[0].Code));
        Assert.Equal(("BTG", "unconscious"), (loud.PurposeOfEvent[0].Coding[0].Code, loud.PurposeOfEvent[0].Text));
        Assert.Equal("alert", Assert.IsType<Code>(Assert.Single(loud.Extension).Value).Value);
        Assert.Equal("BTG", shown.PurposeOfEvent[0].Coding[0].Code);
        Assert.Empty(usual.PurposeOfEvent);
    }

    [Fact]
    public void Only_so_many_resources_are_named_and_the_rest_is_counted()
    {
        var many = _read with { Touched = [.. Enumerable.Range(0, 250).Select(number => Stored($"Observation/{number}", """{"subject":{"reference":"Patient/amy"}}"""))] };
        var record = AuditRecord.Of(many);

        Assert.Equal((AuditRecord.MostResources, 50), (record.Subjects[0].Resources.Length, record.Omitted));
        Assert.Contains(Assert.Single(AuditEventRendering.Render(Chain, 0, record)).Entity, entity => entity.Description == "50 more resources");
        Assert.Equal(AuditRecord.LongestQuery, AuditRecord.Of(_read with { Query = new string('x', 9999) }).Query!.Length);
    }

    [Theory, MemberData(nameof(Interactions))]
    public void Every_AuditEvent_is_valid(string name, int status)
    {
        var entries = new[]
        {
            _read with { Event = name, Status = status, Query = "Observation?code=x", Reason = "not yours" },
            new AuditEntry(AuditKind.Rest, name, _then) { Status = status },
        };

        Assert.All(entries.SelectMany(entry => AuditEventRendering.Render(Chain, 0, AuditRecord.Of(entry))), Parses);
    }

    [Theory]
    [InlineData(AuditKind.Login, "login")]
    [InlineData(AuditKind.Login, "logout")]
    [InlineData(AuditKind.Login, "login-failed")]
    [InlineData(AuditKind.Authorization, "token")]
    [InlineData(AuditKind.Administration, "user-added")]
    [InlineData(AuditKind.EmergencyAccess, "start")]
    [InlineData(AuditKind.EmergencyAccess, "stop")]
    [InlineData(AuditKind.Trail, "start")]
    [InlineData(AuditKind.Trail, "stop")]
    public void Every_other_AuditEvent_is_valid_too(AuditKind kind, string name)
    {
        Parses(Assert.Single(AuditEventRendering.Render(Chain, 0, AuditRecord.Of(new AuditEntry(kind, name, _then) { UserId = "u", Reason = "why" }))));
    }

    [Theory]
    [InlineData("0123456789abcdef-")]
    [InlineData("0123456789abcdeg-1")]
    [InlineData("0123456789abcdef-x")]
    [InlineData("0190aaaa-bbbb-7ccc-8ddd-eeeeffff0000")]
    [InlineData("short")]
    public void Other_ids_are_of_no_chain(string id)
    {
        Assert.Null(AuditEventRendering.ParseId(id));
    }

    private static void Parses(AuditEvent made)
    {
        var json = FhirJson.Serialize(made);
        Assert.Equal(made.Id, FhirJson.Parse(json, "AuditEvent").Id);
        Assert.Single(made.Agent, agent => agent.Requestor == true);
    }

    private static ResourceKey KeyOf(string name) => ResourceKey.TryParse(name, out var key) ? key : throw new ArgumentException(name, nameof(name));

    private static StoredResource Stored(string name, string json) => new(KeyOf(name), _then, VersionMethod.Put, Encoding.UTF8.GetBytes(json));
}
