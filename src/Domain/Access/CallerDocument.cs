using System.Text.Json;
using System.Text.Json.Serialization;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Access;

/// <summary>
/// A caller as text, so that what was accepted can be done later, perhaps by another server, and with exactly the rights that the request had.
/// </summary>
public static class CallerDocument
{
    private static readonly JsonSerializerOptions _json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault };

    /// <summary>The text of a caller.</summary>
    public static string Write(Caller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return JsonSerializer.Serialize(
            new Document
            {
                Kind = caller.Kind,
                ClientId = caller.ClientId,
                UserId = caller.UserId,
                TokenId = caller.TokenId,
                AuthorizationId = caller.AuthorizationId,
                FhirUser = caller.FhirUser?.ToString(),
                Patient = caller.Patient,
                Encounter = caller.Encounter,
                Scopes = string.Join(' ', caller.Scopes),
                IsAdministrator = caller.IsAdministrator,
                Clearance = caller.Clearance,
                EmergencyPatients = [.. caller.EmergencyPatients],
            },
            _json);
    }

    /// <summary>The caller that a text tells of.</summary>
    public static Caller Read(string text)
    {
        var document = JsonSerializer.Deserialize<Document>(text, _json)!;
        var caller = document.Kind switch
        {
            CallerKind.Development => Caller.Development,
            CallerKind.Client => Caller.Client(document.ClientId!),
            CallerKind.User => Caller.User(document.UserId!, document.ClientId!),
            _ => Caller.Anonymous,
        };
        return caller with
        {
            TokenId = document.TokenId,
            AuthorizationId = document.AuthorizationId,
            FhirUser = document.FhirUser?.Split('/') is [var type, var id] ? new ResourceKey(type, id) : null,
            Patient = document.Patient,
            Encounter = document.Encounter,
            Scopes = SmartScope.ParseAll(document.Scopes),
            IsAdministrator = document.IsAdministrator,
            Clearance = document.Clearance,
            EmergencyPatients = [.. document.EmergencyPatients],
        };
    }

    private sealed record Document
    {
        public CallerKind Kind { get; init; }

        public string? ClientId { get; init; }

        public string? UserId { get; init; }

        public string? TokenId { get; init; }

        public string? AuthorizationId { get; init; }

        public string? FhirUser { get; init; }

        public string? Patient { get; init; }

        public string? Encounter { get; init; }

        public string? Scopes { get; init; }

        public bool IsAdministrator { get; init; }

        // The least clearance is a value too.
        [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
        public Confidentiality Clearance { get; init; }

        public IReadOnlyList<string> EmergencyPatients { get; init; } = [];
    }
}
