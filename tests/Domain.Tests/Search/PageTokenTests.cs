using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Domain.Tests.Search;

public sealed class PageTokenTests
{
    private static readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private static readonly PageToken _tokens = new(_key);
    private static readonly PageCursor _place = new([638_000_000_000_000_000L, 5.4, "Müller", null], 1_234_567_890_123);

    [Theory]
    [InlineData("Patient", "name=Ann,Bob&birthdate=ge2020-01-01&_sort=-birthdate,_id&_count=10&unknown=1")]
    [InlineData("", "_type=Patient&name=Ann&_elements=name&_summary=true")]
    [InlineData("", "_type=Patient,Observation&_tag=a|b")]
    [InlineData("", "_lastUpdated=gt2020&_count=5000")]
    [InlineData("Patient", "")]
    public void A_token_leads_back_to_the_search_and_the_place(string type, string text)
    {
        var query = Searches.Parse(type, text);

        var next = Searches.Parser.Parse(_tokens.Decode(_tokens.Encode(query, _place)));

        Assert.Equal(query.Types, next.Types);
        Assert.Equal(query.Applied, next.Applied);
        Assert.Equal(SearchGuard.Of(query), SearchGuard.Of(next));
        Assert.Equal(query.Sort, next.Sort);
        Assert.Equal((query.Count, query.Summary, query.Total), (next.Count, next.Summary, next.Total));
        Assert.Equal(_place.Key, next.After!.Key);
        Assert.Equal(_place.Values, next.After.Values);
    }

    [Fact]
    public void A_token_reveals_nothing_and_is_never_the_same_twice()
    {
        var query = Searches.Parse("Patient", "name=Confidential");

        var token = _tokens.Encode(query, _place);

        Assert.True(Base64Url.IsValid(token));
        Assert.DoesNotContain("Confidential", Encoding.Latin1.GetString(Base64Url.DecodeFromChars(token)), StringComparison.Ordinal);
        Assert.NotEqual(token, _tokens.Encode(query, _place));
    }

    [Fact]
    public void Any_change_to_a_token_is_refused()
    {
        var bytes = Base64Url.DecodeFromChars(_tokens.Encode(Searches.Parse("Patient", "name=Ann"), _place));
        for (var at = 0; at < bytes.Length; at++)
        {
            bytes[at] ^= 1;
            AssertRefused(Base64Url.EncodeToString(bytes));
            bytes[at] ^= 1;
        }

        for (var length = 0; length < bytes.Length; length++)
        {
            AssertRefused(Base64Url.EncodeToString(bytes.AsSpan(0, length)));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("not base64 at all!")]
    [InlineData("äöü\0")]
    public void What_is_no_token_is_refused(string token) => AssertRefused(token);

    [Fact]
    public void A_token_of_another_key_or_purpose_is_refused()
    {
        AssertRefused(new PageToken(RandomNumberGenerator.GetBytes(32)).Encode(Searches.Parse("Patient", ""), _place));
        AssertRefused(new HistoryToken(_key).Encode(new HistoryQuery(), new HistoryCursor(1, 2, 3)));
    }

    [Fact]
    public void A_short_key_is_no_key() => Assert.Throws<ArgumentOutOfRangeException>(() => new PageToken(new byte[16]));

    [Fact]
    public void A_long_list_of_random_ids_still_makes_a_link_under_two_kilobytes()
    {
        // Every id is different and has no pattern: the worst that compression can meet.
        var random = new Random(7);
        var ids = Enumerable.Range(0, 60).Select(_ =>
        {
            var bytes = new byte[16];
            random.NextBytes(bytes);
            return new Guid(bytes).ToString();
        });

        Assert.InRange(_tokens.Encode(Searches.Parse("Patient", "_id=" + string.Join(',', ids)), _place).Length, 1, 1_900);
        Assert.InRange(_tokens.Encode(Searches.Parse("Patient", "name=Ann&birthdate=ge2000-01-01"), _place).Length, 1, 250);
    }

    [Fact]
    public void A_search_that_can_no_longer_be_applied_is_refused_and_not_widened()
    {
        var query = Searches.Parse("Patient", "name=Ann") with { Applied = [new("no-longer-there", "x")] };

        var page = _tokens.Decode(_tokens.Encode(query, _place));

        Assert.Throws<FhirException>(() => Searches.Parser.Parse(page));
    }

    private static void AssertRefused(string token) =>
        Assert.Equal(HttpStatusCode.BadRequest, Assert.Throws<FhirException>(() => _tokens.Decode(token)).Status);
}
