using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using static Hl7.Fhir.Model.Slot;

namespace TeleFhir.Domain.Tests.Scheduling;

public sealed class SlotStatesTests
{
    [Theory]
    [InlineData(SlotStatus.Free, SlotStatus.BusyTentative, false)]
    [InlineData(SlotStatus.BusyTentative, SlotStatus.Busy, false)]
    [InlineData(SlotStatus.BusyTentative, SlotStatus.Free, false)]
    [InlineData(SlotStatus.Busy, SlotStatus.Free, false)]
    [InlineData(SlotStatus.Free, SlotStatus.Busy, false)]
    [InlineData(SlotStatus.Free, SlotStatus.BusyUnavailable, true)]
    [InlineData(SlotStatus.BusyUnavailable, SlotStatus.Free, true)]
    [InlineData(SlotStatus.Busy, SlotStatus.Busy, true)]
    public void Busy_and_free_again_goes_through_appointments(SlotStatus from, SlotStatus to, bool isOpenToAll)
    {
        Assert.Null(SlotStates.Check(At(from), At(to), TransitionAuthority.Server, isInUse: false));
        Assert.Equal(isOpenToAll, SlotStates.Check(At(from), At(to), TransitionAuthority.Staff, isInUse: false) is null);
    }

    [Theory]
    [InlineData(SlotStatus.Busy, SlotStatus.BusyTentative)]
    [InlineData(SlotStatus.BusyUnavailable, SlotStatus.Busy)]
    [InlineData(SlotStatus.EnteredInError, SlotStatus.Free)]
    public void What_is_not_in_the_table_is_refused_to_all(SlotStatus from, SlotStatus to)
    {
        Assert.Equal("invalid-transition", SlotStates.Check(At(from), At(to), TransitionAuthority.Server, isInUse: false)!.Code);
    }

    [Fact]
    public void A_slot_in_use_is_left_alone()
    {
        Assert.Equal("slot-in-use", SlotStates.Check(At(SlotStatus.Busy), At(SlotStatus.Busy), TransitionAuthority.Staff, isInUse: true)!.Code);
        Assert.Equal("slot-in-use", SlotStates.Check(At(SlotStatus.Busy), null, TransitionAuthority.Staff, isInUse: true)!.Code);
        Assert.Null(SlotStates.Check(At(SlotStatus.Busy), null, TransitionAuthority.Staff, isInUse: false));
        Assert.Null(SlotStates.Check(At(SlotStatus.Busy), At(SlotStatus.Free), TransitionAuthority.Server, isInUse: true));
    }

    private static Slot At(SlotStatus status) => new() { Status = status };
}
