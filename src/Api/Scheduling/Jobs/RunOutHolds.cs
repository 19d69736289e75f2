using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Scheduling.Jobs;

/// <summary>Cancels holds that ran out, and with them frees their Slots, so that searches show them free. Who books one of the Slots before need not wait for it.</summary>
internal sealed class RunOutHolds(IHolds holds, BookingDesk desk)
{
    private static readonly Caller _job = Caller.System("holds");

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var id in await holds.RunOutAsync(cancellationToken))
        {
            // Decided on what is stored when it is written: of several servers one ends the hold, and one that was booked meanwhile stays.
            var change = new PatchChange(new ResourceKey("Appointment", id), stored =>
            {
                var held = (Appointment)FhirJson.Parse(stored.Json);
                return desk.Rules.Expire(held, [], desk.Now) is { Appointment: var expired }
                    ? new ResourceContent(expired, FhirJson.Serialize(expired))
                    : new ResourceContent(held, stored.Json);
            });
            try
            {
                await desk.Server.Store.CommitAsync(_job, desk.ByJob(_job, [change]), cancellationToken);
            }
            catch (FhirException) when (!cancellationToken.IsCancellationRequested)
            {
                // It was deleted, or others are at it: the next look tells.
            }
        }
    }
}
