using System.Collections.Immutable;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Scheduling;

/// <summary>
/// <c>Appointment/$hold</c> (IHE ITI-116) and <c>Appointment/[id]/$hold</c> (Argonaut): keeps a time for a few minutes. When it runs out is
/// said in the Appointment and in the header <c>Expires</c>.
/// </summary>
internal static class Hold
{
    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, BookingDesk desk, HttpContext context, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(
            request, server, "hold", [Wish.Reference, Wish.Resource, Wish.Patient, DeclaredPlace.Name, "hold-seconds"], cancellationToken);
        var receipt = BookingDesk.ReceiptOf(request, context, input);
        var (held, _) = await desk.OnceAsync(request, receipt, HoldAsync, cancellationToken);
        if (held is [var only] && HoldExpiry.Of((Appointment)FhirJson.Parse(only.Json), desk.Canonicals) is { } expires)
        {
            context.Response.Headers.Expires = expires.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        }

        return desk.Answer(HttpStatusCode.OK, held);

        async Task<ImmutableArray<StoredResource>> HoldAsync()
        {
            var seconds = input.Number("hold-seconds");
            var wish = (await Wish.ReadAsync(desk, request, input, cancellationToken)).Demand(request.Caller, desk.Canonicals);
            if (BookingRules.CheckHold(wish.Appointment, wish.IsStored) is { } wrong)
            {
                throw wrong.ToException(desk.Canonicals);
            }

            var facts = await desk.FactsAsync(wish.Appointment, wish.IsStored, cancellationToken);
            Change change = wish.IsStored
                ? desk.Change(new ResourceKey("Appointment", wish.Appointment.Id!), stored => desk.Rules.Hold(facts with { Appointment = wish.With(stored, desk.Canonicals) }, seconds))
                : desk.Create(desk.Rules.Hold(facts, seconds).OrThrow(desk.Canonicals).Appointment);
            return await desk.CommitAsync(request, [.. wish.Patients, change], receipt, "hold", cancellationToken, Interaction.Create);
        }
    }
}
