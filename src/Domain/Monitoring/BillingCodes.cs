using System.Collections.Immutable;

namespace TeleFhir.Domain.Monitoring;

/// <summary>What speaks for a code of the Current Procedural Terminology.</summary>
/// <param name="Code">The code.</param>
/// <param name="Display">What it is for, in our words.</param>
/// <param name="Counts">What is counted.</param>
/// <param name="Least">From how many days or minutes on.</param>
/// <param name="Most">Up to how many; null for any number.</param>
/// <param name="From">The first day of service on which it applies.</param>
/// <param name="Until">The first day on which it applies no more; null while it does.</param>
public sealed record BillingCode(string Code, string Display, BillingCount Counts, int Least, int? Most, DateOnly From, DateOnly? Until = null);

/// <summary>What a billing code counts.</summary>
public enum BillingCount
{
    /// <summary>Days with a reading in a window of 30.</summary>
    DaysWithReadings,

    /// <summary>Minutes of review, with a contact between the patient and the clinic.</summary>
    ReviewMinutes,
}

/// <summary>
/// Which codes come into question, by the day of service. It is evidence and no billing advice: payers ask for more than can be counted here,
/// and the rules change, which is why each line has dates.
/// </summary>
public static class BillingCodes
{
    /// <summary>The system of the codes.</summary>
    public const string System = "http://www.ama-assn.org/go/cpt";

    private static readonly DateOnly _first = new(2019, 1, 1);
    private static readonly DateOnly _of2026 = new(2026, 1, 1);

    /// <summary>The table.</summary>
    public static ImmutableArray<BillingCode> Table { get; } =
    [
        new("99454", "Device supply with readings on 16 to 30 days of 30", BillingCount.DaysWithReadings, 16, 30, _first),
        new("99445", "Device supply with readings on 2 to 15 days of 30", BillingCount.DaysWithReadings, 2, 15, _of2026),
        new("99457", "Review and contact, the first 20 minutes", BillingCount.ReviewMinutes, 20, null, _first),
        new("99470", "Review and contact, the first 10 to 19 minutes", BillingCount.ReviewMinutes, 10, 19, _of2026),
        new("99458", "Review and contact, further 20 minutes", BillingCount.ReviewMinutes, 40, null, new(2020, 1, 1)),
    ];

    /// <summary>The codes that come into question for a window.</summary>
    /// <param name="days">Days with readings.</param>
    /// <param name="minutes">Whole minutes of review.</param>
    /// <param name="hadContact">Whether there was a contact with the patient, without which no minutes count.</param>
    /// <param name="day">The day of service: the last of the window.</param>
    public static IEnumerable<BillingCode> Candidates(int days, int minutes, bool hadContact, DateOnly day) => Table.Where(code =>
        code.From <= day && (code.Until is not { } until || day < until)
        && (code.Counts == BillingCount.DaysWithReadings ? days : hadContact ? minutes : 0) is var count
        && count >= code.Least && (code.Most is not { } most || count <= most));
}
