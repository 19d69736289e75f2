using System.Collections.Immutable;
using System.Net;
using System.Text;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Validation;

namespace TeleFhir.Domain.Tests.Bundles;

public sealed class TransactionPlanTests
{
    private static ReadOnlySpan<byte> Noise => "{}[]\",:\\_u0n1e-?/ \0a"u8;

    private readonly Dictionary<string, string[]> _stored = [];
    private readonly List<string> _searched = [];
    private int _ids;

    [Fact]
    public async Task Deletions_come_first_then_creates_updates_and_reads_and_answers_keep_the_order()
    {
        var plan = await PlanAsync(
            Get("Patient/1"),
            Put("Patient/2", """{"resourceType":"Patient","id":"2"}"""),
            Post("""{"resourceType":"Patient","id":"ignored"}"""),
            Delete("Patient/3"));
        Assert.Equal(["Patient/3", "Patient/new-1", "Patient/2"], plan.Changes.Changes.Select(change => change.Key.ToString()));
        Assert.IsType<DeleteChange>(plan.Changes.Changes[0]);
        Assert.IsType<CreateChange>(plan.Changes.Changes[1]);
        Assert.IsType<PutChange>(plan.Changes.Changes[2]);
        Assert.Equal(
            [EntryAnswer.Read, EntryAnswer.Changed, EntryAnswer.Changed, EntryAnswer.Changed], plan.Entries.Select(entry => entry.Answer));
        Assert.Equal([[], [2], [1], [0]], plan.Entries.Select(entry => entry.Changes.ToArray()));
        Assert.Equal(["Bundle.entry[3]", "Bundle.entry[2]", "Bundle.entry[1]"], plan.Changes.Changes.Select(change => change.Source));
    }

    [Fact]
    public async Task References_by_fullUrl_are_resolved_in_any_order_and_in_circles()
    {
        var plan = await PlanAsync(
            Post("""{"resourceType":"Patient","link":[{"other":{"reference":"urn:uuid:b"},"type":"seealso"}],"managingOrganization":{"reference":"http://x/fhir/Organization/o"}}""", "urn:uuid:a"),
            Post("""{"resourceType":"Patient","link":[{"other":{"reference":"urn:uuid:a"},"type":"seealso"},{"other":{"reference":"urn:uuid:b"},"type":"seealso"}]}""", "urn:uuid:b"),
            Put("Organization/org", """{"resourceType":"Organization","id":"org","name":"x"}""", "http://x/fhir/Organization/o"));
        Assert.Contains("\"Patient/new-2\"", Json(plan, 0), StringComparison.Ordinal);
        Assert.Contains("\"Organization/org\"", Json(plan, 0), StringComparison.Ordinal);
        Assert.Contains("\"Patient/new-1\"", Json(plan, 1), StringComparison.Ordinal);
        Assert.Contains("\"Patient/new-2\"", Json(plan, 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_relative_reference_means_the_entry_of_the_same_origin()
    {
        var plan = await PlanAsync(
            Post("""{"resourceType":"Patient","id":"1"}""", "http://x/fhir/Patient/1"),
            Post("""{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient/1"}}""", "http://x/fhir/Basic/1"),
            Post("""{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient/1"}}""", "http://y/fhir/Basic/1"));
        Assert.Contains("Patient/new-1", Json(plan, 1), StringComparison.Ordinal);
        Assert.Contains("Patient/1", Json(plan, 2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reference_to_nothing_in_the_bundle_is_refused_with_its_element()
    {
        var refused = await RefusedAsync(Post("""{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"urn:uuid:none"}}"""));
        Assert.Equal((HttpStatusCode.BadRequest, "Bundle.entry[0].resource.subject.reference"), refused);
    }

    [Fact]
    public async Task A_conditional_reference_becomes_the_literal_one_and_is_expected_to_stay_so()
    {
        _stored["Patient?identifier=s|1"] = ["p"];
        var plan = await PlanAsync(
            Post("""{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient?identifier=s|1"}}"""),
            Post("""{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient?identifier=s|1"}}"""));
        Assert.Contains("\"Patient/p\"", Json(plan, 0), StringComparison.Ordinal);
        Assert.Contains("\"Patient/p\"", Json(plan, 1), StringComparison.Ordinal);
        var expectation = Assert.Single(plan.Changes.Expectations);
        Assert.Equal(("Patient?identifier=s|1", "p"), (expectation.Guard, expectation.MatchedIds.Single()));
        Assert.Single(_searched);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a,b")]
    public async Task A_conditional_reference_that_is_not_one_resource_is_a_412_at_the_element(string matches)
    {
        _stored["Patient?identifier=1"] = matches.Split(',', StringSplitOptions.RemoveEmptyEntries);
        var refused = await RefusedAsync(
            Get("Patient"), Post("""{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient?identifier=1"}}"""));
        Assert.Equal((HttpStatusCode.PreconditionFailed, "Bundle.entry[1].resource.subject.reference"), refused);
    }

    [Fact]
    public async Task A_conditional_reference_may_mean_what_the_bundle_creates_under_that_condition()
    {
        var plan = await PlanAsync(
            Post("""{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient?identifier=1"}}"""),
            Post("""{"resourceType":"Patient"}""", ifNoneExist: "identifier=1"));
        Assert.Contains($"\"{plan.Entries[1].Key}\"", Json(plan, 0), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_conditional_create_that_finds_one_redirects_references_to_it()
    {
        _stored["Patient?identifier=1"] = ["found"];
        var plan = await PlanAsync(
            Post("""{"resourceType":"Patient"}""", "urn:uuid:p", "identifier=1"),
            Post("""{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"urn:uuid:p"}}"""));
        Assert.Equal((EntryAnswer.Existing, "Patient/found"), (plan.Entries[0].Answer, plan.Entries[0].Key.ToString()));
        Assert.Empty(plan.Entries[0].Changes);
        Assert.Contains("\"Patient/found\"", Json(plan, 1), StringComparison.Ordinal);
        Assert.Equal("found", plan.Changes.Expectations.Single().MatchedIds.Single());
    }

    [Fact]
    public async Task A_conditional_create_that_finds_none_creates_and_expects_none()
    {
        var plan = await PlanAsync(Post("""{"resourceType":"Patient"}""", ifNoneExist: "identifier=1"));
        Assert.IsType<CreateChange>(plan.Changes.Changes.Single());
        Assert.Empty(plan.Changes.Expectations.Single().MatchedIds);
    }

    [Fact]
    public async Task What_the_same_bundle_deletes_is_not_found_by_its_conditions()
    {
        _stored["Patient?identifier=1"] = ["old"];
        var plan = await PlanAsync(Post("""{"resourceType":"Patient"}""", ifNoneExist: "identifier=1"), Delete("Patient/old"));
        Assert.Equal([typeof(DeleteChange), typeof(CreateChange)], plan.Changes.Changes.Select(change => change.GetType()));
        Assert.Equal("old", plan.Changes.Expectations.Single().MatchedIds.Single());
    }

    [Fact]
    public async Task A_conditional_update_creates_updates_or_refuses_by_the_number_of_matches()
    {
        _stored["Patient?identifier=one"] = ["x"];
        _stored["Patient?identifier=two"] = ["x", "y"];
        var plan = await PlanAsync(
            Put("Patient?identifier=none", """{"resourceType":"Patient"}"""),
            Put("Patient?identifier=none-b", """{"resourceType":"Patient","id":"mine"}"""),
            Put("Patient?identifier=one", """{"resourceType":"Patient","id":"x"}"""));
        Assert.Equal(
            [("Patient/new-1", true), ("Patient/mine", true), ("Patient/x", false)],
            plan.Changes.Changes.Cast<PutChange>().Select(change => (change.Key.ToString(), change.MustNotExist)));
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await RefusedAsync(Put("Patient?identifier=two", """{"resourceType":"Patient"}"""))).Status);
        Assert.Equal(
            (HttpStatusCode.BadRequest, "Bundle.entry[0].resource.id"),
            await RefusedAsync(Put("Patient?identifier=one", """{"resourceType":"Patient","id":"other"}""")));
    }

    [Fact]
    public async Task A_conditional_delete_deletes_one_or_as_many_as_it_says()
    {
        _stored["Patient?identifier=one"] = ["a"];
        _stored["Patient?identifier=three"] = ["b", "c", "d"];
        _stored["Patient?identifier=three&_count=2"] = ["b", "c", "d"];
        var plan = await PlanAsync(Delete("Patient?identifier=none"), Delete("Patient?identifier=one"), Delete("Patient?identifier=three&_count=2"));
        Assert.Equal(["Patient/a", "Patient/b", "Patient/c"], plan.Changes.Changes.Select(change => change.Key.ToString()));
        Assert.Equal([[], [0], [1, 2]], plan.Entries.Select(entry => entry.Changes.ToArray()));
        Assert.Equal((HttpStatusCode.PreconditionFailed, "Bundle.entry[0].request"), await RefusedAsync(Delete("Patient?identifier=three")));
        Assert.Equal(HttpStatusCode.BadRequest, (await RefusedAsync(Delete("Patient?identifier=three&_count=0"))).Status);
    }

    [Fact]
    public async Task A_condition_without_criteria_is_a_400()
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await RefusedAsync(Post("""{"resourceType":"Patient"}""", ifNoneExist: "?"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await RefusedAsync(Delete("Patient?"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await RefusedAsync(Delete("Patient?unknown=1"))).Status);
    }

    [Fact]
    public async Task The_same_resource_twice_is_a_400_at_the_second_entry()
    {
        _stored["Patient?identifier=1"] = ["1"];
        Assert.Equal(
            (HttpStatusCode.BadRequest, "Bundle.entry[1].request"),
            await RefusedAsync(Put("Patient/1", """{"resourceType":"Patient","id":"1"}"""), Put("Patient/1", """{"resourceType":"Patient","id":"1"}""")));
        Assert.Equal(
            (HttpStatusCode.BadRequest, "Bundle.entry[0].request"),
            await RefusedAsync(Put("Patient?identifier=2", """{"resourceType":"Patient","id":"1"}"""), Delete("Patient?identifier=1")));
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await RefusedAsync(Post("""{"resourceType":"Patient"}""", "urn:uuid:1"), Post("""{"resourceType":"Basic"}""", "urn:uuid:1"))).Status);
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient"}""", "Bundle.entry[0].resource.id")]
    [InlineData("""{"resourceType":"Patient","id":"other"}""", "Bundle.entry[0].resource.id")]
    [InlineData("""{"resourceType":"Patient","id":"a b"}""", "Bundle.entry[0].resource.id")]
    [InlineData("""{"resourceType":"Observation","id":"1"}""", "Bundle.entry[0].resource")]
    [InlineData("""{"resourceType":"Patient","id":"1","gender":"x"}""", "Bundle.entry[0].resource.gender")]
    [InlineData("""{"resourceType":"Patient","id":"1","name":[{"family":"\ud800"}]}""", "Bundle.entry[0].resource.name[0].family")]
    [InlineData("""[]""", "Bundle.entry[0].resource")]
    public async Task A_faulty_body_is_a_400_at_its_element(string body, string expression) =>
        Assert.Equal((HttpStatusCode.BadRequest, expression), await RefusedAsync(Put("Patient/1", body)));

    [Fact]
    public async Task The_rules_of_resources_hold_in_a_bundle_too() => Assert.Equal(
        ((HttpStatusCode)422, "Bundle.entry[0].resource.start"),
        await RefusedAsync(Post("""{"resourceType":"Appointment","status":"booked","participant":[{"actor":{"reference":"Patient/p"},"status":"accepted"}]}""")));

    [Fact]
    public async Task Versions_asked_for_are_passed_on()
    {
        var plan = await PlanAsync(
            """{"request":{"method":"DELETE","url":"Patient/1","ifMatch":"W/\"7\""}}""",
            """{"resource":{"resourceType":"Patient","id":"2"},"request":{"method":"PUT","url":"Patient/2","ifNoneMatch":"*"}}""");
        Assert.Equal(7, plan.Changes.Changes[0].IfMatch.Single());
        Assert.True(((PutChange)plan.Changes.Changes[1]).MustNotExist);
    }

    [Fact]
    public async Task A_single_request_is_planned_the_same_way_and_speaks_of_no_bundle()
    {
        _stored["Practitioner?identifier=1"] = ["d"];
        var body = """{"resourceType":"Basic","code":{"text":"x"},"author":{"reference":"Practitioner?identifier=1"},"subject":{"reference":"urn:uuid:x"}}"""u8.ToArray();
        var plan = await PlanAsync([BundleEntry.Create("Basic", body)]);
        Assert.Contains("\"Practitioner/d\"", Json(plan, 0), StringComparison.Ordinal);
        Assert.Null(plan.Changes.Changes.Single().Source);

        _stored.Clear();
        var refused = await Assert.ThrowsAsync<FhirException>(() => PlanAsync([BundleEntry.Create("Basic", body)]));
        Assert.Equal("Basic.author.reference", refused.Outcome.Issue.Single().Expression.Single());
        refused = await Assert.ThrowsAsync<FhirException>(() => PlanAsync([BundleEntry.Update("Basic/1", body)]));
        Assert.Equal((HttpStatusCode.BadRequest, "Basic.id"), (refused.Status, refused.Outcome.Issue.Single().Expression.Single()));
    }

    [Fact]
    public async Task No_cut_and_no_flipped_byte_is_anything_but_a_plan_or_an_error_for_the_client()
    {
        _stored["Patient?identifier=1"] = ["p"];
        var json = Encoding.UTF8.GetBytes("""{"resourceType":"Bundle","type":"transaction","entry":[""" + string.Join(
            ',',
            Post("""{"resourceType":"Patient","name":[{"family":"\u00e9"}]}""", "urn:uuid:a", "identifier=2"),
            Put("Basic?identifier=1", """{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient?identifier=1"},"author":{"reference":"urn:uuid:a"}}"""),
            Delete("Patient/1"),
            Get("Patient/1/_history/2")) + "]}");
        var random = new Random(4711);
        for (var i = 0; i < 3000; i++)
        {
            var copy = json.AsSpan(0, i % 5 == 0 ? random.Next(json.Length) : json.Length).ToArray();
            for (var flips = random.Next(1, 4); flips > 0 && copy.Length > 0; flips--)
            {
                copy[random.Next(copy.Length)] = Noise[random.Next(Noise.Length)];
            }

            var thrown = await Record.ExceptionAsync(() => PlanAsync(BundleReader.Read(copy).Entries()));
            Assert.True(thrown is null or FhirException, $"{Encoding.UTF8.GetString(copy)}\n{thrown}");
        }
    }

    [Fact]
    public async Task Bundles_of_whole_patients_are_planned_without_a_local_name_left()
    {
        var folder = FindSamples();
        Assert.SkipWhen(folder is null, "The folder shared/data/synthea is not beside the repository.");
        foreach (var file in Directory.GetFiles(folder!, "*.json").Order(StringComparer.Ordinal).Take(4))
        {
            var bundle = BundleReader.Read(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
            var plan = await PlanAsync(bundle.Entries());
            Assert.Equal(bundle.Count, plan.Changes.Changes.Length);
            Assert.All(
                plan.Changes.Changes.Cast<CreateChange>(),
                change => Assert.DoesNotContain("\"reference\":\"urn:uuid:", Compact(change.Content.Json), StringComparison.Ordinal));
        }
    }

    private static string? FindSamples()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var samples = Path.Combine(folder.FullName, "shared", "data", "synthea");
            if (Directory.Exists(samples))
            {
                return samples;
            }
        }

        return null;
    }

    private static string Compact(ReadOnlyMemory<byte> json) =>
        Encoding.UTF8.GetString(FhirJson.Stamp(json.Span, "x", 1, DateTimeOffset.UnixEpoch));

    private static string Json(TransactionPlan plan, int entry) => plan.Changes.Changes[plan.Entries[entry].Changes.Single()] switch
    {
        CreateChange change => Encoding.UTF8.GetString(change.Content.Json.Span),
        PutChange change => Encoding.UTF8.GetString(change.Content.Json.Span),
        var other => throw new InvalidOperationException($"{other} has no content."),
    };

    private static string Get(string url) => $"{{\"request\":{Request("GET", url)}}}";

    private static string Delete(string url) => $"{{\"request\":{Request("DELETE", url)}}}";

    private static string Put(string url, string body, string? fullUrl = null) =>
        $"{{{FullUrl(fullUrl)}\"resource\":{body},\"request\":{Request("PUT", url)}}}";

    private static string Post(string body, string? fullUrl = null, string? ifNoneExist = null)
    {
        var type = FhirJson.TypeOf(Encoding.UTF8.GetBytes(body))!;
        return $"{{{FullUrl(fullUrl)}\"resource\":{body},\"request\":{Request("POST", type, ifNoneExist)}}}";
    }

    private static string Request(string method, string url, string? ifNoneExist = null)
    {
        var condition = ifNoneExist is null ? "" : $",\"ifNoneExist\":\"{ifNoneExist}\"";
        return $"{{\"method\":\"{method}\",\"url\":\"{url}\"{condition}}}";
    }

    private static string FullUrl(string? fullUrl) => fullUrl is null ? "" : $"\"fullUrl\":\"{fullUrl}\",";

    private static BundleReader Read(string[] entries) => BundleReader.Read(
        Encoding.UTF8.GetBytes($$"""{"resourceType":"Bundle","type":"transaction","entry":[{{string.Join(',', entries)}}]}"""));

    private Task<TransactionPlan> PlanAsync(params string[] entries) => PlanAsync(Read(entries).Entries());

    private Task<TransactionPlan> PlanAsync(ImmutableArray<BundleEntry> entries) => TransactionPlan.PrepareAsync(
        entries,
        new Conditions(ParseQuery, query => $"{query.Types[0]}?{query.Applied[0].Value}", FindAsync),
        new ResourceValidator().Validate,
        () => $"new-{++_ids}",
        TestContext.Current.CancellationToken);

    private async Task<(HttpStatusCode Status, string? Expression)> RefusedAsync(params string[] entries)
    {
        var refused = await Assert.ThrowsAsync<FhirException>(() => PlanAsync(entries));
        return (refused.Status, refused.Outcome.Issue[0].Expression.SingleOrDefault());
    }

    // Stands for the query parser, which is not what is tested here: it knows the parameter identifier and takes the rest as read.
    private static SearchQuery ParseQuery(string type, string query)
    {
        var parsed = new SearchQuery { Types = [type], Applied = [new("query", query)] };
        return query.StartsWith("identifier=", StringComparison.Ordinal)
            ? parsed with { Criteria = [new HasCriterion(type, null!, null!)] }
            : parsed with { Warnings = query.Length > 0 ? ["unknown"] : [] };
    }

    private Task<IReadOnlyList<string>> FindAsync(SearchQuery query, CancellationToken cancellationToken)
    {
        _searched.Add(query.Applied[0].Value);
        IReadOnlyList<string> found = _stored.GetValueOrDefault($"{query.Types[0]}?{query.Applied[0].Value}", []);
        return Task.FromResult<IReadOnlyList<string>>([.. found.Take(query.Count)]);
    }
}
