using System.Collections.Immutable;
using System.Net;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Tests.Search;

public sealed class SearchQueryParserTests
{
    [Fact]
    public void Repeated_parameters_all_hold_and_commas_are_alternatives()
    {
        var query = Searches.Parse("Patient", "given=Ann,Bob&given=Cy");

        Assert.Equal(["Patient"], query.Types);
        Assert.Equal(2, query.Criteria.Length);
        Assert.Equal([new StringSearchValue("Ann"), new StringSearchValue("Bob")], Values(query.Criteria[0]));
        Assert.Equal([new StringSearchValue("Cy")], Values(query.Criteria[1]));
        Assert.Empty(query.Warnings);
        Assert.Equal(["given=Ann,Bob", "given=Cy"], Searches.Applied(query));
    }

    [Theory]
    [InlineData("Patient", "name:exact=Ann", SearchModifier.Exact)]
    [InlineData("Patient", "name:contains=nn", SearchModifier.Contains)]
    [InlineData("Patient", "gender:not=male", SearchModifier.Not)]
    [InlineData("Observation", "subject:identifier=http://s|1", SearchModifier.Identifier)]
    [InlineData("Patient", "_id:not=1", SearchModifier.Not)]
    public void A_modifier_that_fits_is_kept(string type, string text, SearchModifier modifier) =>
        Assert.Equal(modifier, Assert.IsType<ValueCriterion>(Assert.Single(Searches.Parse(type, text).Criteria)).Modifier);

    [Fact]
    public void Identifier_makes_a_token_of_a_reference() =>
        Assert.Equal(
            [new TokenSearchValue("http://s", "1")],
            Values(Assert.Single(Searches.Parse("Observation", "subject:identifier=http://s|1").Criteria)));

    [Theory]
    [InlineData("birthdate:missing=true", true)]
    [InlineData("name:missing=false", false)]
    public void Missing_takes_true_or_false(string text, bool isMissing) =>
        Assert.Equal(isMissing, Assert.IsType<MissingCriterion>(Assert.Single(Searches.Parse("Patient", text).Criteria)).IsMissing);

    [Theory]
    [InlineData("Patient", "name:missing=1")]
    [InlineData("Patient", "name:missing=True")]
    [InlineData("Patient", "birthdate:exact=2020")]
    [InlineData("Patient", "name:not=Ann")]
    [InlineData("Patient", "gender:contains=m")]
    [InlineData("Patient", "gender:foo=m")]
    [InlineData("Patient", "gender:=m")]
    [InlineData("Patient", "name:Patient=1")]
    [InlineData("Patient", "name:text=Ann")]
    [InlineData("Observation", "subject:not=Patient/1")]
    [InlineData("Observation", "subject:patient=1")]
    [InlineData("Observation", "subject:Nothing=1")]
    [InlineData("Observation", "value-quantity:contains=1")]
    [InlineData("Observation", "code-value-quantity:missing=true")]
    [InlineData("Observation", "code-value-quantity:not=a$1")]
    public void A_modifier_that_does_not_fit_is_refused_even_leniently(string type, string text) =>
        Assert.Equal(HttpStatusCode.BadRequest, Searches.Refused(type, text).Status);

    [Theory]
    [InlineData("status:text=a")]
    [InlineData("identifier:in=http://vs")]
    [InlineData("identifier:below=a")]
    [InlineData("_content=a")]
    [InlineData("_list=$current-problems")]
    [InlineData("code:of-type=a|b|c")]
    [InlineData("subject:above=Location/1")]
    public void What_is_known_but_not_supported_says_so(string text) =>
        Assert.Equal("not-supported", Searches.CodeOf(Searches.Refused("Observation", text)));

    [Theory]
    [InlineData("_foo=1")]
    [InlineData("foo=1")]
    [InlineData("foo:exact=1")]
    [InlineData("foo.bar=1")]
    [InlineData("Name=1")]
    [InlineData("_type=Patient")]
    [InlineData("_sort=foo")]
    [InlineData("_include=Foo:bar")]
    [InlineData("_include=Patient:name")]
    [InlineData("_include=Patient:organization:Foo")]
    [InlineData("name=")]
    [InlineData("name=,")]
    [InlineData("_count=")]
    public void What_is_not_known_is_passed_over_with_a_warning_or_refused_strictly(string text)
    {
        var query = Searches.Parse("Patient", $"{text}&gender=male");

        Assert.Single(query.Warnings);
        Assert.Equal(["gender=male"], Searches.Applied(query));
        Assert.Single(query.Criteria);
        Assert.Equal("not-supported", Searches.CodeOf(Searches.Refused("Patient", text, strict: true)));
    }

    [Fact]
    public void Strict_handling_takes_what_is_known()
    {
        var query = Searches.Parse("Patient", "name=Ann&_sort=-birthdate&_count=10&_total=none&_format=json", strict: true);

        Assert.Equal(["name=Ann", "_sort=-birthdate", "_count=10", "_total=none"], Searches.Applied(query));
    }

    [Theory]
    [InlineData("", 50, SummaryMode.False)]
    [InlineData("_count=10", 10, SummaryMode.False)]
    [InlineData("_count=1000", 1000, SummaryMode.False)]
    [InlineData("_count=0", 0, SummaryMode.Count)]
    [InlineData("_summary=count", 0, SummaryMode.Count)]
    [InlineData("_summary=count&_count=7", 0, SummaryMode.Count)]
    [InlineData("_summary=true", 50, SummaryMode.True)]
    [InlineData("_summary=text", 50, SummaryMode.Text)]
    [InlineData("_summary=data", 50, SummaryMode.Data)]
    [InlineData("_summary=false", 50, SummaryMode.False)]
    public void Count_and_summary(string text, int count, SummaryMode summary)
    {
        var query = Searches.Parse("Patient", text);

        Assert.Equal((count, summary), (query.Count, query.Summary));
        Assert.Empty(query.Warnings);
    }

    [Theory]
    [InlineData("1001")]
    [InlineData("99999999999999999999")]
    public void A_count_above_the_limit_is_lowered_with_a_warning_even_strictly(string count)
    {
        var query = Searches.Parse("Patient", $"_count={count}", strict: true);

        Assert.Equal(1000, query.Count);
        Assert.Equal(["_count=1000"], Searches.Applied(query));
        Assert.Single(query.Warnings);
    }

    [Theory]
    [InlineData("_count=-1")]
    [InlineData("_count=ten")]
    [InlineData("_count=1.5")]
    [InlineData("_count=+5")]
    [InlineData("_count=5&_count=6")]
    [InlineData("_count:exact=5")]
    [InlineData("_total=yes")]
    [InlineData("_summary=True")]
    [InlineData("_elements=a b")]
    [InlineData("_elements=name.given")]
    [InlineData("_include=Patient")]
    [InlineData("_include=Patient:")]
    [InlineData("_include=Patient:organization:Organization:x")]
    [InlineData("_sort:asc=name")]
    [InlineData("_sort=_id,name,gender,birthdate,given,family,phone,email,active")]
    public void A_result_parameter_with_a_wrong_value_is_refused(string text) =>
        Assert.Equal(HttpStatusCode.BadRequest, Searches.Refused("Patient", text).Status);

    [Theory]
    [InlineData("", TotalMode.Default)]
    [InlineData("_total=none", TotalMode.None)]
    [InlineData("_total=estimate", TotalMode.Estimate)]
    [InlineData("_total=accurate", TotalMode.Accurate)]
    public void Total(string text, TotalMode total) => Assert.Equal(total, Searches.Parse("Patient", text).Total);

    [Fact]
    public void Elements_win_over_summary()
    {
        var query = Searches.Parse("Patient", "_summary=count&_elements=name,active&_elements=name");

        Assert.Equal(["name", "active"], query.Elements);
        Assert.Equal((SummaryMode.False, 50), (query.Summary, query.Count));
        Assert.DoesNotContain("_summary=count", Searches.Applied(query));
        Assert.Single(query.Warnings);
        Assert.Equal(HttpStatusCode.BadRequest, Searches.Refused("Patient", "_summary=text&_elements=name", strict: true).Status);
        Assert.Empty(Searches.Parse("Patient", "_summary=false&_elements=name", strict: true).Warnings);
    }

    [Fact]
    public void Sort_keys_keep_their_order_and_unknown_ones_are_left_out_of_the_self_link()
    {
        var query = Searches.Parse("Patient", "_sort=-birthdate,foo,_id,-_lastUpdated");

        Assert.Equal(
            [("birthdate", true), ("_id", false), ("_lastUpdated", true)],
            query.Sort.Select(key => (key.Parameter.Code, key.Descending)));
        Assert.Equal(["_sort=-birthdate,_id,-_lastUpdated"], Searches.Applied(query));
        Assert.Single(query.Warnings);
    }

    [Fact]
    public void Includes_name_source_parameter_and_target()
    {
        var query = Searches.Parse(
            "Observation", "_include=Observation:subject:Patient&_include=Observation:performer&_revinclude=Provenance:target");

        Assert.Equal(
            [("Observation", "subject", "Patient"), ("Observation", "performer", null)],
            query.Includes.Select(include => (include.SourceType, include.Parameter!.Code, include.TargetType)));
        Assert.Equal(
            [("Provenance", "target", null)],
            query.ReverseIncludes.Select(include => (include.SourceType, include.Parameter!.Code, include.TargetType)));
    }

    [Theory]
    [InlineData("", "_tag=x", "")]
    [InlineData("", "_type=Patient&name=Ann", "Patient")]
    [InlineData("", "name=Ann&_type=Patient", "Patient")]
    [InlineData("", "_type=Patient,Practitioner&name=Ann", "Patient,Practitioner")]
    [InlineData("", "_type=Patient,Observation,Patient&_lastUpdated=gt2020", "Patient,Observation")]
    public void A_system_search_takes_its_types_from_the_type_parameter(string type, string text, string types)
    {
        var query = Searches.Parse(type, text, strict: true);

        Assert.Equal(types, string.Join(',', query.Types));
        Assert.Single(query.Criteria);
        Assert.Equal(text, string.Join('&', Searches.Applied(query)));
    }

    [Theory]
    [InlineData("name=Ann")]
    [InlineData("_type=Patient,Practitioner&birthdate=2000")]
    [InlineData("_type=Patient,Observation&name=Ann")]
    [InlineData("_has:Observation:patient:code=x")]
    [InlineData("_sort=name")]
    public void A_search_of_several_types_knows_common_parameters_only(string text)
    {
        var query = Searches.Parse("", text);

        Assert.Empty(query.Criteria);
        Assert.Empty(query.Sort);
        Assert.Single(query.Warnings);
        Searches.Refused("", text, strict: true);
    }

    [Theory]
    [InlineData("_type=Nothing")]
    [InlineData("_type=patient")]
    [InlineData("_type=Patient&_type=Observation")]
    [InlineData("_type:not=Patient")]
    public void A_wrong_type_is_refused(string text) => Assert.Equal(HttpStatusCode.BadRequest, Searches.Refused("", text).Status);

    [Fact]
    public void Too_much_is_refused()
    {
        Assert.Equal(64, Searches.Parse("Patient", Repeat("name=a", 64, '&')).Criteria.Length);
        Searches.Refused("Patient", Repeat("name=a", 65, '&'));
        Assert.Equal(1000, Values(Searches.Parse("Patient", "_id=" + Repeat("a", 1000, ',')).Criteria[0]).Length);
        Searches.Refused("Patient", "_id=" + Repeat("a", 1001, ','));
        Searches.Refused("Patient", "name=" + new string('a', 100_001));
    }

    // Not as test data: an attribute cannot hold half a surrogate pair either.
    [Fact]
    public void Text_that_no_database_holds_is_refused() =>
        Assert.All(["name=a\0b", "na\0me=a", "name=\uD83D", "name=a\uDE00", "name=\uFFFF"], text => Searches.Refused("Patient", text));

    [Fact]
    public void Text_beyond_the_basic_plane_is_text() =>
        Assert.Equal(new StringSearchValue("a\uD83D\uDE00"), Searches.Value("Patient", "name=a\uD83D\uDE00"));

    [Fact]
    public void A_refusal_never_repeats_the_value()
    {
        var refusal = Searches.Refused("Patient", "birthdate=Confidential");

        Assert.DoesNotContain("Confidential", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("birthdate", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_mangled_query_is_either_a_search_or_a_refusal()
    {
        string[] seeds =
        [
            "name=Ann,Bob&birthdate=ge2020-01-01&_sort=-birthdate,_id&_count=10",
            "code=http://loinc.org|8480-6,|x,y&value-quantity=le5.40e1|http://unitsofmeasure.org|mg&_total=accurate",
            "subject:Patient.name:exact=a\\,b&patient=Patient/1&_include=Observation:subject:Patient&date=ap2013-05-31T10:30:00Z",
            "code-value-quantity=8480-6$gt100,b$le1e2||mmHg&_has:Provenance:target:agent.name=x&_summary=text&subject.name=x",
            "_type=Patient,Observation&_tag=a|b&_lastUpdated=sa2024&_elements=id,meta&_profile=http://x|1.0&_source:missing=true",
        ];
        const string Alphabet = "=&,|$\\:.-_*+e0912ZT~ \0\uD800\uFFFFäPatient";
        var random = new Random(20240531);
        var searches = 0;
        for (var round = 0; round < 10_000; round++)
        {
            var text = seeds[round % seeds.Length].ToList();
            for (var edits = random.Next(1, 6); edits > 0; edits--)
            {
                var at = random.Next(text.Count);
                switch (random.Next(3))
                {
                    case 0:
                        text.RemoveAt(at);
                        break;
                    case 1:
                        text[at] = Alphabet[random.Next(Alphabet.Length)];
                        break;
                    default:
                        text.InsertRange(at, text.Skip(random.Next(text.Count)).Take(random.Next(12)).ToList());
                        break;
                }
            }

            try
            {
                var type = (round % 3) switch { 0 => "", 1 => "Patient", _ => "Observation" };
                var query = Searches.Parse(type, string.Concat(text), strict: round % 2 == 0);
                searches++;
                Assert.All(query.Criteria, Assert.NotNull);
                Assert.NotEmpty(SearchGuard.Of(query));

                // What was applied is itself a search, with the same conditions and nothing left to say about it.
                var again = Searches.Again(type, query);
                Assert.Equal(SearchGuard.Of(query), SearchGuard.Of(again));
                Assert.Equal(query.Applied, again.Applied);
                Assert.Empty(again.Warnings);
            }
            catch (FhirException refusal)
            {
                Assert.Equal(HttpStatusCode.BadRequest, refusal.Status);
            }
        }

        Assert.InRange(searches, 1_000, 9_000);
    }

    private static ImmutableArray<SearchValue> Values(Criterion criterion) => Assert.IsType<ValueCriterion>(criterion).Values;

    private static string Repeat(string text, int times, char separator) => string.Join(separator, Enumerable.Repeat(text, times));
}
