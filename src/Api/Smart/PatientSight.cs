using System.Text.Json;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Smart;

/// <summary>Whether a user may put a patient, and an encounter of that patient, into the context of an application: by what the user may see.</summary>
internal sealed class PatientSight(IResourceStore store)
{
    public async Task<bool> CoversAsync(UserAccount user, string clientId, string patient, string? encounter, CancellationToken cancellationToken)
    {
        if (!ResourceKey.IsId(patient)
            || user.Role == UserRole.Administrator
            || (user.Role == UserRole.Patient && user.FhirUser != $"Patient/{patient}"))
        {
            return false;
        }

        var caller = Caller.User(user.Id, clientId) with
        {
            FhirUser = ResourceKey.TryParse(user.FhirUser, out var key) ? key : null,
            Scopes = SmartScope.ParseAll("user/*.rs"),
            Clearance = user.Clearance,
        };
        return await ReadAsync(caller, new ResourceKey("Patient", patient), cancellationToken) is not null
            && (encounter is null
                || (ResourceKey.IsId(encounter)
                    && await ReadAsync(caller, new ResourceKey("Encounter", encounter), cancellationToken) is { } found
                    && IsOf(found, $"Patient/{patient}")));
    }

    private async Task<StoredResource?> ReadAsync(Caller caller, ResourceKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await store.ReadAsync(caller, key, cancellationToken) is { IsDeleted: false } found ? found : null;
        }
        catch (FhirException)
        {
            // Whatever keeps the user from it, it is out of sight.
            return null;
        }
    }

    private static bool IsOf(StoredResource encounter, string patient)
    {
        using var json = JsonDocument.Parse(encounter.Json);
        return json.RootElement.TryGetProperty("subject", out var subject)
            && subject.TryGetProperty("reference", out var reference)
            && reference.GetString() is { } target
            && (target == patient || target.EndsWith("/" + patient, StringComparison.Ordinal));
    }
}
