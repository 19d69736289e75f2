using System.Net;
using Hl7.Fhir.Model;
using Hl7.Fhir.Utility;
using NodaTime;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Tests.Scheduling;

/// <summary>The life of an Appointment, pair by pair.</summary>
public sealed class AppointmentStatesTests
{
    private static readonly DateTimeOffset _start = new(2026, 11, 3, 14, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset _before = _start.AddDays(-1);
    private static readonly DateTimeOffset _after = _start.AddMinutes(45);

    [Fact]
    public void Nothing_but_the_table_is_allowed_even_to_the_server()
    {
        var allowed = new HashSet<string>(StringComparer.Ordinal)
        {
            "proposed>pending", "proposed>booked", "proposed>cancelled", "proposed>waitlist",
            "waitlist>pending", "waitlist>booked", "waitlist>cancelled", "waitlist>proposed",
            "pending>booked", "pending>cancelled", "pending>waitlist",
            "booked>arrived", "booked>checked-in", "booked>cancelled", "booked>noshow",
            "arrived>checked-in", "arrived>fulfilled", "arrived>cancelled",
            "checked-in>fulfilled", "checked-in>cancelled",
            "noshow>arrived",
        };
        foreach (var from in Enum.GetValues<AppointmentStatus>())
        {
            foreach (var to in Enum.GetValues<AppointmentStatus>())
            {
                var refusal = AppointmentStates.Check(At(from), At(to), new(TransitionAuthority.Server, _after, HasEncounter: true));
                var isAllowed = from == to || to == AppointmentStatus.EnteredInError || allowed.Contains($"{from.GetLiteral()}>{to.GetLiteral()}");
                Assert.True(isAllowed == refusal is null, $"{from} > {to}");
            }
        }
    }

    [Theory]
    [InlineData(AppointmentStatus.Proposed, true, true)]
    [InlineData(AppointmentStatus.Booked, true, true)]
    [InlineData(AppointmentStatus.Waitlist, true, true)]
    [InlineData(AppointmentStatus.Pending, false, true)]
    [InlineData(AppointmentStatus.Arrived, false, false)]
    [InlineData(AppointmentStatus.Fulfilled, false, false)]
    [InlineData(AppointmentStatus.Cancelled, false, false)]
    [InlineData(AppointmentStatus.EnteredInError, false, false)]
    public void It_begins_as_one_of_four(AppointmentStatus status, bool byStaff, bool byServer)
    {
        Assert.Equal(byStaff, AppointmentStates.Check(null, At(status), new(TransitionAuthority.Staff, _before)) is null);
        Assert.Equal(byServer, AppointmentStates.Check(null, At(status), new(TransitionAuthority.Server, _before)) is null);
    }

    [Fact]
    public void History_is_brought_in_as_it_was()
    {
        Assert.All(Enum.GetValues<AppointmentStatus>(), status =>
            Assert.Null(AppointmentStates.Check(null, At(status), new(TransitionAuthority.Anyone, _after))));
    }

    [Fact]
    public void A_refusal_is_409_and_says_what_is_wrong()
    {
        var refusal = AppointmentStates.Check(At(AppointmentStatus.Cancelled), At(AppointmentStatus.Booked), new(TransitionAuthority.Server, _before));

        var answer = refusal!.ToException(new Canonicals("https://example.org/fhir/"));
        Assert.Equal(HttpStatusCode.Conflict, answer.Status);
        var issue = Assert.Single(answer.Outcome.Issue);
        Assert.Equal(("https://example.org/fhir/CodeSystem/error", "invalid-transition"), (issue.Details!.Coding[0].System, issue.Details.Coding[0].Code));
        Assert.Equal("An appointment that is cancelled cannot become booked.", issue.Details.Text);
    }

    [Fact]
    public void It_is_missed_only_after_its_end_and_by_the_word_of_staff()
    {
        Assert.NotNull(Check(AppointmentStatus.Booked, AppointmentStatus.Noshow, TransitionAuthority.Staff, _start.AddMinutes(29)));
        Assert.Null(Check(AppointmentStatus.Booked, AppointmentStatus.Noshow, TransitionAuthority.Staff, _start.AddMinutes(30)));
        Assert.NotNull(Check(AppointmentStatus.Booked, AppointmentStatus.Noshow, TransitionAuthority.Anyone, _after));
    }

    [Fact]
    public void Its_end_cannot_be_moved_back_to_have_it_missed()
    {
        var moved = At(AppointmentStatus.Noshow);
        (moved.Start, moved.End) = (_before.AddHours(-2), _before.AddHours(-1));

        Assert.NotNull(AppointmentStates.Check(At(AppointmentStatus.Booked), moved, new(TransitionAuthority.Staff, _before)));
    }

    [Theory]
    [InlineData("2026-11-04T04:59:59Z", true)]
    [InlineData("2026-11-04T05:00:00Z", false)]
    public void A_late_patient_joins_on_the_same_day_of_the_calendar(string now, bool isAllowed)
    {
        var zone = DateTimeZoneProviders.Tzdb["America/New_York"];
        var change = new AppointmentChange(TransitionAuthority.Staff, DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture), zone);

        Assert.Equal(isAllowed, AppointmentStates.Check(At(AppointmentStatus.Noshow), At(AppointmentStatus.Arrived), change) is null);
        Assert.NotNull(AppointmentStates.Check(
            At(AppointmentStatus.Noshow), At(AppointmentStatus.Arrived), change with { By = TransitionAuthority.Anyone }));
    }

    [Fact]
    public void It_is_fulfilled_by_an_encounter()
    {
        var change = new AppointmentChange(TransitionAuthority.Staff, _start);

        Assert.NotNull(AppointmentStates.Check(At(AppointmentStatus.CheckedIn), At(AppointmentStatus.Fulfilled), change));
        Assert.Null(AppointmentStates.Check(At(AppointmentStatus.CheckedIn), At(AppointmentStatus.Fulfilled), change with { HasEncounter = true }));
    }

    [Fact]
    public void Only_staff_call_it_an_error()
    {
        Assert.NotNull(Check(AppointmentStatus.Booked, AppointmentStatus.EnteredInError, TransitionAuthority.Anyone, _before));
        Assert.Null(Check(AppointmentStatus.Cancelled, AppointmentStatus.EnteredInError, TransitionAuthority.Staff, _before));
    }

    [Theory]
    [InlineData(AppointmentStatus.Proposed, true)]
    [InlineData(AppointmentStatus.Pending, true)]
    [InlineData(AppointmentStatus.Booked, true)]
    [InlineData(AppointmentStatus.Arrived, true)]
    [InlineData(AppointmentStatus.CheckedIn, true)]
    [InlineData(AppointmentStatus.Waitlist, true)]
    [InlineData(AppointmentStatus.Fulfilled, false)]
    [InlineData(AppointmentStatus.Noshow, false)]
    [InlineData(AppointmentStatus.Cancelled, false)]
    public void What_has_not_taken_place_can_be_cancelled(AppointmentStatus status, bool isCancellable)
    {
        Assert.Equal(isCancellable, AppointmentStates.IsCancellable(status));
    }

    private static Refusal? Check(AppointmentStatus from, AppointmentStatus to, TransitionAuthority by, DateTimeOffset now) =>
        AppointmentStates.Check(At(from), At(to), new(by, now));

    private static Appointment At(AppointmentStatus status) => new() { Status = status, Start = _start, End = _start.AddMinutes(30) };
}
