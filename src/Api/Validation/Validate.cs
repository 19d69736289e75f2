using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Validation;
using Issue = Hl7.Fhir.Model.OperationOutcome.IssueComponent;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Validation;

/// <summary>
/// <c>$validate</c> (https://hl7.org/fhir/R4/resource-operation-validate.html): 200 with all there is to say, errors and warnings, and
/// nothing written. On a resource it is about an update or deletion of that one, which the caller must be able to see.
/// </summary>
internal static class Validate
{
    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, ITerminology terminology, CancellationToken cancellationToken)
    {
        var body = request.Body.IsEmpty
            ? ReadOnlyMemory<byte>.Empty
            : await request.Body.ReadJsonAsync(server.Options.Limits.ResourceBytes, cancellationToken);
        var asked = ValidateRequest.Read(body, request.Type!, request.Parameters);
        var stored = request.Key.Id is null ? null : await FindAsync(request, server, cancellationToken);
        if (stored is null && asked.Mode == "delete")
        {
            throw FhirException.Invalid("The mode delete is for a resource: its id belongs in the address.");
        }

        if (stored is not null && asked.Mode == "create")
        {
            throw FhirException.Invalid("The mode create is for a type: no id belongs in the address.");
        }

        if (asked.Resource.IsEmpty && asked.Mode is not "delete" && (stored is null || asked.Mode is "update"))
        {
            throw FhirException.Invalid("The resource to be checked belongs in the content.");
        }

        var issues = asked.Mode == "delete"
            ? Allowed(request, Interaction.Delete)
            : await CheckAsync(request, server, asked, stored, terminology, cancellationToken);
        if (issues.Count == 0)
        {
            issues.Add(new()
            {
                Severity = OperationOutcome.IssueSeverity.Information,
                Code = OperationOutcome.IssueType.Informational,
                Details = new CodeableConcept { Text = asked.Mode == "delete" ? "It may be deleted." : "Nothing is wrong with the resource." },
            });
        }

        return FhirResult.Ok(FhirContent.Of(FhirJson.Serialize(new OperationOutcome { Issue = issues }))) with
        {
            Touched = stored is null ? default : [stored],
        };
    }

    private static async Task<StoredResource> FindAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        request.Caller.Demand(Interaction.Read, request.Type!);
        var stored = await server.Store.ReadAsync(request.Caller, request.Key, cancellationToken);
        return stored switch
        {
            null => throw FhirException.NotFound($"{request.Key} does not exist."),
            { IsDeleted: true } => throw FhirException.Gone(stored.Key, stored.ETag),
            _ => stored,
        };
    }

    private static List<Issue> Allowed(FhirRequest request, Interaction interaction) =>
        request.Caller.May(interaction, request.Type!)
            ? []
            : [FhirException.Issue(OperationOutcome.IssueType.Forbidden, $"This caller may not do {interaction} on {request.Type}.")];

    private static async Task<List<Issue>> CheckAsync(
        FhirRequest request,
        FhirServer server,
        ValidateRequest asked,
        StoredResource? stored,
        ITerminology terminology,
        CancellationToken cancellationToken)
    {
        var issues = asked.Mode switch
        {
            "create" => Allowed(request, Interaction.Create),
            "update" => Allowed(request, Interaction.Update),
            _ => [],
        };
        Resource resource;
        try
        {
            resource = FhirJson.Parse(asked.Resource.IsEmpty ? stored!.Json : asked.Resource, request.Type);
        }
        catch (FhirException wrong)
        {
            issues.AddRange(wrong.Outcome.Issue);
            return issues;
        }

        if (stored is not null && resource.Id != request.Key.Id)
        {
            issues.Add(FhirException.Issue(
                OperationOutcome.IssueType.Invalid, "The body of an update has the id of its address.", $"{request.Type}.id"));
        }

        var review = server.Validator.Review(resource, asked.Profiles);
        issues.AddRange(review.Issues);
        await AddBindingsAsync(review.Bound, request.Caller, terminology, issues, cancellationToken);
        return issues;
    }

    // Where a value set cannot be told, nothing is said.
    private static async Task AddBindingsAsync(
        IReadOnlyList<BoundValue> bound, Caller caller, ITerminology terminology, List<Issue> issues, CancellationToken cancellationToken)
    {
        var known = new Dictionary<string, ImmutableArray<SystemCodes>>(StringComparer.Ordinal);
        foreach (var (valueSet, value, place) in bound)
        {
            if (!known.TryGetValue(valueSet, out var systems))
            {
                try
                {
                    systems = await terminology.ExpandAsync(caller, valueSet, cancellationToken);
                }
                catch (FhirException)
                {
                    systems = [];
                }

                known[valueSet] = systems;
            }

            if (!systems.IsEmpty && Codings(value) is { Count: > 0 } codings && !codings.Exists(coding => IsIn(coding, systems)))
            {
                var issue = FhirException.Issue(
                    OperationOutcome.IssueType.CodeInvalid, $"The value set {valueSet} should be used where it has a code that fits.", place);
                issue.Severity = OperationOutcome.IssueSeverity.Warning;
                issues.Add(issue);
            }
        }
    }

    private static List<(string? System, string? Code)> Codings(Base value) => value switch
    {
        CodeableConcept concept => concept.Coding.ConvertAll(coding => (coding.System, coding.Code)),
        Coding coding => [(coding.System, coding.Code)],
        Quantity { CodeElement: not null } quantity => [(quantity.System, quantity.Code)],
        _ => [],
    };

    private static bool IsIn((string? System, string? Code) coding, ImmutableArray<SystemCodes> systems) =>
        systems.Any(system => system.System == coding.System && (system.IsWhole || system.Codes.Contains(coding.Code!)));
}
