using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>
/// <c>$reindex</c>: how far the indexes of added SearchParameters are, and of everything; POST has everything indexed anew in the
/// background.
/// </summary>
internal static class Reindex
{
    private const string Type = "SearchParameter";

    public static async Task<FhirResult> StateAsync(FhirRequest request, IReindexing reindexing, CancellationToken cancellationToken)
    {
        request.Caller.Demand(Interaction.Read, Type);
        return FhirResult.Ok(FhirContent.Of(FhirJson.Serialize(await ReadAsync(reindexing, cancellationToken))));
    }

    public static async Task<FhirResult> StartAsync(FhirRequest request, IReindexing reindexing, CancellationToken cancellationToken)
    {
        await reindexing.RestartAsync(request.Caller, cancellationToken);
        return FhirResult.Ok(FhirContent.Of(FhirJson.Serialize(await ReadAsync(reindexing, cancellationToken)))) with { Status = HttpStatusCode.Accepted };
    }

    private static async Task<Parameters> ReadAsync(IReindexing reindexing, CancellationToken cancellationToken)
    {
        var parameters = new Parameters();
        foreach (var state in await reindexing.StateAsync(cancellationToken))
        {
            var part = new Parameters.ParameterComponent { Name = state.SearchParameter is null ? "everything" : "searchParameter" };
            if (state.SearchParameter is { } id)
            {
                part.Part.Add(Part("definition", new ResourceReference($"{Type}/{id}")));
                part.Part.Add(Part("code", new FhirString(state.Code)));
            }

            part.Part.Add(Part("state", new Code(state.State.ToString().ToLowerInvariant())));
            part.Part.Add(Part("resources", new FhirDecimal(state.Indexed)));
            if (state.Note.Length > 0)
            {
                part.Part.Add(Part("reason", new FhirString(state.Note)));
            }

            parameters.Parameter.Add(part);
        }

        return parameters;
    }

    private static Parameters.ParameterComponent Part(string name, DataType value) => new() { Name = name, Value = value };
}
