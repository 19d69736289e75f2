using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Visits;
using static Hl7.Fhir.Model.Encounter;

namespace TeleFhir.Domain.Tests.Visits;

public sealed class EncounterHistoryTests
{
    private static readonly DateTimeOffset _created = new(2026, 10, 30, 9, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset _arrived = new(2026, 11, 2, 13, 52, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset _admitted = new(2026, 11, 2, 14, 1, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset _left = new(2026, 11, 2, 14, 10, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset _back = new(2026, 11, 2, 14, 12, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset _ended = new(2026, 11, 2, 14, 24, 30, TimeSpan.Zero);

    [Fact]
    public void A_visit_leaves_a_history_without_gaps_and_without_now()
    {
        var arrived = At(_arrived).Arrive(Planned()).Value!;
        var admitted = At(_admitted).Admit(arrived).Value!;
        var paused = At(_left).Pause(admitted).Value!;
        var resumed = At(_back).Resume(paused).Value!;
        var ended = At(_ended).End(resumed).Value!;

        Assert.Equal(
            [
                "Planned 2026-10-30T09:00:00Z 2026-11-02T13:52:00Z",
                "Arrived 2026-11-02T13:52:00Z 2026-11-02T14:01:00Z",
                "InProgress 2026-11-02T14:01:00Z 2026-11-02T14:10:00Z",
                "Onleave 2026-11-02T14:10:00Z 2026-11-02T14:12:00Z",
                "InProgress 2026-11-02T14:12:00Z 2026-11-02T14:24:30Z",
            ],
            ended.StatusHistory.Select(entry => $"{entry.Status} {entry.Period.Start} {entry.Period.End}"));
        Assert.Equal(("2026-11-02T14:01:00Z", "2026-11-02T14:24:30Z"), (ended.Period!.Start, ended.Period.End));
        Assert.Equal((23.5m, "min"), (ended.Length!.Value, ended.Length.Code));
        Assert.Equal(
            ["arrived", "receiving-care", "on-leave", "receiving-care", "departed"],
            new[] { arrived, admitted, paused, resumed, ended }.Select(SubjectStatus));
    }

    [Fact]
    public void The_step_gives_a_copy()
    {
        var planned = Planned();

        At(_arrived).Arrive(planned);

        Assert.Equal(EncounterStatus.Planned, planned.Status);
        Assert.Empty(planned.StatusHistory);
    }

    [Fact]
    public void Of_two_who_admit_one_wins()
    {
        var admitted = At(_admitted).Admit(Planned()).Value!;

        Assert.Equal("invalid-transition", At(_left).Admit(admitted).Refusal!.Code);
        Assert.Equal("invalid-transition", At(_left).Admit(At(_left).Pause(admitted).Value!).Refusal!.Code);
        Assert.Equal("invalid-transition", At(_left).Resume(admitted).Refusal!.Code);
    }

    [Fact]
    public void A_conversion_to_video_is_remembered()
    {
        var before = Planned();
        before.Class = new Coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB");
        var after = Planned();

        var kept = EncounterHistory.Keep(before, after, _arrived, _created);

        var entry = Assert.Single(kept.ClassHistory);
        Assert.Equal(("AMB", "2026-10-30T09:00:00Z", "2026-11-02T13:52:00Z"), (entry.Class.Code, entry.Period.Start, entry.Period.End));
        Assert.Empty(kept.StatusHistory);
    }

    [Fact]
    public void What_a_client_leaves_out_or_adds_of_the_history_makes_no_difference()
    {
        var arrived = At(_arrived).Arrive(Planned()).Value!;
        var silent = (Encounter)arrived.DeepCopy();
        silent.StatusHistory = [];
        silent.Status = EncounterStatus.InProgress;
        var eager = (Encounter)arrived.DeepCopy();
        eager.Status = EncounterStatus.InProgress;
        eager.StatusHistory.Add(new() { Status = EncounterStatus.Arrived, Period = Moment.Period(_created, _ended) });

        foreach (var sent in new[] { silent, eager })
        {
            Assert.Null(EncounterHistory.Check(arrived, sent));
            var kept = EncounterHistory.Keep(arrived, sent, _admitted, _created);
            Assert.Equal(["Planned", "Arrived"], kept.StatusHistory.Select(entry => entry.Status.ToString()!));
            Assert.Equal("2026-11-02T14:01:00Z", kept.StatusHistory[1].Period.End);
        }
    }

    [Fact]
    public void History_is_not_rewritten()
    {
        var arrived = At(_arrived).Arrive(Planned()).Value!;
        var rewritten = (Encounter)arrived.DeepCopy();
        rewritten.StatusHistory[0].Period.Start = "2026-01-01T00:00:00Z";
        var admitted = At(_admitted).Admit(arrived).Value!;
        var shortened = (Encounter)admitted.DeepCopy();
        shortened.StatusHistory.RemoveAt(1);

        Assert.Equal(
            (System.Net.HttpStatusCode.UnprocessableEntity, "history-immutable"),
            (EncounterHistory.Check(arrived, rewritten)!.Status, EncounterHistory.Check(arrived, rewritten)!.Code));
        Assert.NotNull(EncounterHistory.Check(admitted, shortened));
    }

    [Fact]
    public void A_new_encounter_has_no_past_unless_it_is_past()
    {
        var invented = Planned();
        invented.StatusHistory = [new() { Status = EncounterStatus.InProgress, Period = Moment.Period(_created, _arrived) }];
        var over = (Encounter)invented.DeepCopy();
        over.Status = EncounterStatus.Finished;

        Assert.Empty(EncounterHistory.Keep(null, invented, _arrived).StatusHistory);
        var kept = EncounterHistory.Keep(null, over, _arrived);
        Assert.Single(kept.StatusHistory);
        Assert.Null(kept.Period);
    }

    [Fact]
    public void A_walk_in_begins_when_it_is_stored()
    {
        var walkIn = Planned();
        walkIn.Status = EncounterStatus.InProgress;

        var kept = EncounterHistory.Keep(null, walkIn, _admitted);

        Assert.Equal("2026-11-02T14:01:00Z", kept.Period!.Start);
        Assert.Equal("receiving-care", SubjectStatus(kept));
    }

    [Fact]
    public void Times_that_staff_write_down_are_kept()
    {
        var arrived = At(_arrived).Arrive(Planned()).Value!;
        var sent = (Encounter)arrived.DeepCopy();
        sent.Status = EncounterStatus.InProgress;
        sent.Period = Moment.Period(_arrived, null);

        Assert.Equal("2026-11-02T13:52:00Z", EncounterHistory.Keep(arrived, sent, _admitted, _created).Period!.Start);
    }

    [Fact]
    public void What_the_server_wrote_stays_where_the_client_is_silent()
    {
        var admitted = At(_admitted).Admit(Planned()).Value!;
        var sent = Planned();
        sent.Status = EncounterStatus.Finished;

        var ended = EncounterHistory.Keep(admitted, sent, _ended, _created);
        Assert.Equal(("2026-11-02T14:01:00Z", "2026-11-02T14:24:30Z", 23.5m), (ended.Period!.Start, ended.Period.End, ended.Length!.Value));

        var again = EncounterHistory.Keep(ended, sent, _ended.AddDays(1), _created);
        Assert.Equal(("2026-11-02T14:24:30Z", 23.5m, "departed"), (again.Period!.End, again.Length!.Value, SubjectStatus(again)));
        Assert.Equal(2, again.StatusHistory.Count);
    }

    private static string? SubjectStatus(Encounter encounter) =>
        (encounter.GetExtension(EncounterHistory.SubjectStatusUrl)?.Value as CodeableConcept)?.Coding[0].Code;

    private static VisitFlow At(DateTimeOffset now) => new(now, _created);

    private static Encounter Planned() => new()
    {
        Id = "e1",
        Status = EncounterStatus.Planned,
        Class = TelehealthVisit.Virtual,
        Subject = new ResourceReference("Patient/p1"),
    };
}
