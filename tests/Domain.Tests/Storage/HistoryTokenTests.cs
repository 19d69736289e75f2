using System.Security.Cryptography;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Domain.Tests.Storage;

public sealed class HistoryTokenTests
{
    private static readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private static readonly HistoryToken _tokens = new(_key);
    private static readonly HistoryCursor _place = new(638_000_000_000_000_000, 99, 3);

    public static TheoryData<HistoryQuery> Queries =>
    [
        new HistoryQuery(),
        new HistoryQuery { Type = "Patient", Count = 7 },
        new HistoryQuery
        {
            Type = "Patient",
            Id = "a",
            Since = new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)),
            Before = new DateTimeOffset(2025, 1, 2, 3, 4, 5, TimeSpan.Zero),
            At = new DateRange(DateRange.Earliest, DateRange.Latest),
            OldestFirst = true,
            Count = 1000,
        },
    ];

    [Theory]
    [MemberData(nameof(Queries))]
    public void A_token_leads_back_to_the_request_and_the_place(HistoryQuery query) =>
        Assert.Equal(query with { After = _place }, _tokens.Decode(_tokens.Encode(query, _place)));

    [Fact]
    public void A_token_of_a_search_is_refused()
    {
        var search = new SearchQuery { Types = ["Patient"] };

        Assert.Throws<FhirException>(() => _tokens.Decode(new PageToken(_key).Encode(search, new PageCursor([], 1))));
    }
}
