using System.Collections.Immutable;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.StoreAndForward;

namespace TeleFhir.Api.StoreAndForward;

/// <summary>
/// <c>Task/$overdue</c>: the e-consults whose time is over and that are still open, of those whom the caller may see; for staff. R4 has no
/// search parameter for <c>Task.restriction.period</c>.
/// </summary>
internal static class OverdueConsults
{
    private const int PageSize = 500;
    private const int Most = 1000;

    public static void MapStoreAndForward(this IEndpointRouteBuilder routes) => routes.MapGroup("/fhir").MapOperation(
        new("Task", "overdue"), "List the e-consults that are overdue", ["GET", "POST"], OperationLevel.Type, HandleAsync);

    private static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        await OperationInput.ReadAsync(request, server, "overdue", [], cancellationToken);
        request.Caller.Demand(Interaction.SearchType, "Task");
        if (!request.Caller.IsStaffFor("Task"))
        {
            throw Refusal.Forbidden("staff-only", "What is overdue is for staff to see to.").ToException(server.Booking.Canonicals);
        }

        var overdue = await FindAsync(request.Caller, server, cancellationToken);
        return FhirResult.Ok(new BundleContent("searchset", overdue.Select(task => new ResponseEntry
        {
            FullUrl = server.Address.Of(new ResourceKey(task.Key.Type, task.Key.Id)),
            Resource = FhirContent.Of(task.Json),
            SearchMode = "match",
        }))
        {
            Total = overdue.Length,
            Links = [new("self", $"{server.Address.Base}/Task/$overdue")],
        }) with
        {
            Touched = overdue,
        };
    }

    private static async Task<ImmutableArray<StoredResource>> FindAsync(Caller caller, FhirServer server, CancellationToken cancellationToken)
    {
        var query = server.Parser.Parse(["Task"], [new("status", "requested,received,accepted,ready,in-progress,on-hold")], strict: true) with
        {
            Count = PageSize,
            Total = TotalMode.None,
        };
        var now = server.Clock.GetUtcNow();
        var overdue = ImmutableArray.CreateBuilder<StoredResource>();
        for (var page = await server.Store.SearchAsync(caller, query, cancellationToken); ;)
        {
            overdue.AddRange(page.Matches.Where(match => ConsultStates.IsOverdue((Hl7.Fhir.Model.Task)FhirJson.Parse(match.Json, "Task"), now)));
            if (page.Next is null || overdue.Count >= Most)
            {
                return overdue.ToImmutable();
            }

            page = await server.Store.SearchAsync(caller, query with { After = page.Next }, cancellationToken);
        }
    }
}
