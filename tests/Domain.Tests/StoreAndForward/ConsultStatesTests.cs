using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.StoreAndForward;
using ConsultTask = Hl7.Fhir.Model.Task;
using TaskStatus = Hl7.Fhir.Model.Task.TaskStatus;

namespace TeleFhir.Domain.Tests.StoreAndForward;

public sealed class ConsultStatesTests
{
    [Fact]
    public void Nothing_but_the_table_is_allowed()
    {
        foreach (var from in Enum.GetValues<TaskStatus>())
        {
            foreach (var to in Enum.GetValues<TaskStatus>().Where(to => to != from))
            {
                var isAllowed = ConsultStates.Table.Any(row => row.From == from && row.To == to);
                var refusal = ConsultStates.Check(Consult(from), Consult(to), TransitionAuthority.Staff);
                Assert.True(isAllowed == refusal is null, $"{from} > {to}");
                Assert.True(isAllowed || refusal!.Code == ConsultStates.InvalidTransition);
            }
        }
    }

    [Theory]
    [InlineData(TaskStatus.Completed)]
    [InlineData(TaskStatus.Rejected)]
    [InlineData(TaskStatus.Failed)]
    [InlineData(TaskStatus.Cancelled)]
    public void What_is_over_can_only_have_been_an_error(TaskStatus over) =>
        Assert.Equal([TaskStatus.EnteredInError], ConsultStates.Table.Where(row => row.From == over).Select(row => row.To));

    [Fact]
    public void A_Task_that_is_no_e_consult_is_not_looked_at()
    {
        var other = new ConsultTask { Status = TaskStatus.Completed, Focus = new ResourceReference("Observation/1") };
        Assert.Null(ConsultStates.Check(other, new ConsultTask { Status = TaskStatus.Draft, Focus = new ResourceReference("Observation/1") }, TransitionAuthority.Anyone));
    }

    [Theory]
    [InlineData(TaskStatus.Requested, "2026-11-01", true)]
    [InlineData(TaskStatus.InProgress, "2026-11-02T09:00:00Z", true)]
    [InlineData(TaskStatus.Requested, "2026-11-02", false)]
    [InlineData(TaskStatus.Requested, "2026-11-02T09:00:01Z", false)]
    [InlineData(TaskStatus.Completed, "2026-11-01", false)]
    [InlineData(TaskStatus.Draft, "2026-11-01", false)]
    [InlineData(TaskStatus.Requested, null, false)]
    public void It_is_overdue_when_its_time_is_over_and_it_is_open(TaskStatus status, string? end, bool isOverdue)
    {
        var task = Consult(status);
        task.Restriction = new ConsultTask.RestrictionComponent { Period = new Period { End = end } };
        Assert.Equal(isOverdue, ConsultStates.IsOverdue(task, new DateTimeOffset(2026, 11, 2, 9, 0, 0, TimeSpan.Zero)));
    }

    private static ConsultTask Consult(TaskStatus status) => new()
    {
        Status = status,
        Focus = new ResourceReference("ServiceRequest/1"),
        Owner = new ResourceReference("Practitioner/1"),
        StatusReason = new CodeableConcept { Text = "because" },
        Output = [new() { Value = new ResourceReference("Communication/1") }],
    };
}
