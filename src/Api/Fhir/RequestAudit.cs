using System.Collections.Immutable;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>
/// What a request leaves in the audit trail: one entry, taken before the first byte of the answer goes out; in a Bundle one for each entry,
/// and one for all changes of a transaction. Where the trail takes no entry there is no answer. What commits is recorded by its commit.
/// </summary>
internal sealed class RequestAudit(HttpContext context, IAuditTrail trail, Callers callers, TimeProvider clock)
{
    private const string Token = "access_token";

    private bool _isDone;

    /// <summary>What a Bundle turned out to be.</summary>
    public Interaction? Interaction { get; set; }

    /// <summary>The parameters of a search that came as a form.</summary>
    public string? Form { get; set; }

    /// <summary>An entry of this request; its status comes when it is answered.</summary>
    public AuditEntry Entry(AuditKind kind, string name)
    {
        var caller = callers.Of(context);
        return new AuditEntry(kind, name, clock.GetUtcNow())
        {
            ClientId = caller.ClientId,
            UserId = caller.UserId,
            FhirUser = caller.FhirUser?.ToString(),
            EmergencyPatients = caller.EmergencyPatients,
            RemoteAddress = context.Connection.RemoteIpAddress?.ToString(),
            RequestId = context.TraceIdentifier,
        };
    }

    /// <summary>The entry for the changes of a request or of a Bundle's entries.</summary>
    public AuditEntry Entry(ImmutableArray<BundleEntry> entries)
    {
        var isOne = entries is [_];
        return Entry(AuditKind.Rest, NameOf(isOne ? entries[0].Interaction : Domain.Fhir.Interaction.Transaction)) with
        {
            Query = isOne ? QueryOf(entries[0]) : null,
        };
    }

    /// <summary>Records the request with what it is about to be answered.</summary>
    public ValueTask AnsweringAsync(FhirResult result)
    {
        if (_isDone)
        {
            return default;
        }

        _isDone = true;
        return result.IsAudited || NameOf(result) is not { } name ? default : RecordAsync(Entry(AuditKind.Rest, name), QueryOf(name), result);
    }

    /// <summary>Records what an entry of a Bundle is answered.</summary>
    public ValueTask AnsweringAsync(BundleEntry? entry, FhirResult result) =>
        result.IsAudited || entry is null or { Interaction: Domain.Fhir.Interaction.Capabilities }
            ? default
            : RecordAsync(
                Entry(AuditKind.Rest, NameOf(entry.Interaction)),
                QueryOf(entry),
                result,
                entry.Url is { Type: { } type, Id: { } id } ? new ResourceKey(type, id, entry.Url.Version).ToString() : null);

    private ValueTask RecordAsync(AuditEntry entry, string? query, FhirResult result, string? target = null)
    {
        ImmutableArray<StoredResource> touched = !result.Patients.IsEmpty ? [] : !result.Touched.IsDefault ? result.Touched : result.Resource is { } one ? [one] : [];
        target = touched.IsEmpty ? target ?? TargetOf(context.Request.RouteValues) : null;
        return trail.RecordAsync(
            entry with
            {
                Status = (int)result.Status,
                Query = query,
                Reason = result.Denial,
                Touched = touched,
                Patients = result.Patients,
                Resources = target is null ? [] : [target],
            },
            context.RequestAborted);
    }

    /// <summary>Null for what is not audited: the capability statement, and addresses that lead nowhere.</summary>
    private string? NameOf(FhirResult result)
    {
        var declared = (context.GetEndpoint() as RouteEndpoint)?.Metadata.GetMetadata<DeclaredInteraction>();
        return declared switch
        {
            { Operation: { } operation } => $"${operation.Name}",
            null => result.Denial is null ? null : "unknown",
            _ when (Interaction ?? declared.AnyOf[0]) is var interaction && interaction != Domain.Fhir.Interaction.Capabilities => NameOf(interaction),
            _ => null,
        };
    }

    private static string NameOf(Interaction interaction) => interaction switch
    {
        Domain.Fhir.Interaction.Read => "read",
        Domain.Fhir.Interaction.VersionRead => "vread",
        Domain.Fhir.Interaction.Update => "update",
        Domain.Fhir.Interaction.Patch => "patch",
        Domain.Fhir.Interaction.Delete => "delete",
        Domain.Fhir.Interaction.HistoryInstance => "history-instance",
        Domain.Fhir.Interaction.HistoryType => "history-type",
        Domain.Fhir.Interaction.HistorySystem => "history-system",
        Domain.Fhir.Interaction.Create => "create",
        Domain.Fhir.Interaction.SearchType => "search-type",
        Domain.Fhir.Interaction.SearchSystem => "search-system",
        Domain.Fhir.Interaction.Transaction => "transaction",
        Domain.Fhir.Interaction.Batch => "batch",
        Domain.Fhir.Interaction.Operation => "operation",
        _ => "capabilities",
    };

    /// <summary>The criteria as asked, behind the type; what only shapes the answer of a read is none.</summary>
    private string? QueryOf(string name)
    {
        var query = context.Request.QueryString.Value;
        var route = context.Request.RouteValues;
        var compartment = route["compartment"] is string owner ? $"{owner}/{route["owner"]}/" : null;
        if (name is "read" or "vread" || (string.IsNullOrEmpty(query) && Form is null && compartment is null)
            || query?.Contains(Token, StringComparison.OrdinalIgnoreCase) == true)
        {
            return null;
        }

        var asked = $"{compartment}{route["type"]}{(string.IsNullOrEmpty(query) ? "?" : query)}";
        return Form is null ? asked : $"{asked}{(asked[^1] == '?' ? "" : "&")}{Form}";
    }

    private static string? QueryOf(BundleEntry entry) => entry switch
    {
        { Interaction: Domain.Fhir.Interaction.Read or Domain.Fhir.Interaction.VersionRead } => null,
        { Interaction: Domain.Fhir.Interaction.SearchType or Domain.Fhir.Interaction.SearchSystem, Url: { Id: { } owner } url } =>
            $"{url.Type}/{owner}/{url.Rest}?{url.Query}",
        { Url.Query: { } query } => $"{entry.Url.Type}?{query}",
        { IfNoneExist: { Length: > 0 } criteria } => $"{entry.Url.Type}?{criteria}",
        _ => null,
    };

    private static string? TargetOf(RouteValueDictionary route) =>
        route["type"] is string type && route["id"] is string id && ResourceCatalog.IsKnown(type) && ResourceKey.IsId(id) ? $"{type}/{id}" : null;
}
