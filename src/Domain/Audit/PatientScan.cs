using System.Collections.Immutable;
using System.Text.Json;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Audit;

/// <summary>
/// Finds whose record a resource belongs to by walking its tokens: every patient that it refers to, wherever in it. That is wider than the
/// patient compartment, as an account of who was shown what should be.
/// </summary>
public static class PatientScan
{
    private const string Patient = "Patient";
    private const string Prefix = "Patient/";

    private static readonly JsonReaderOptions _options = new() { MaxDepth = FhirJson.MaxDepth };

    /// <summary>Ids of the patients, each once, in the order of the content; of a Patient it is its own.</summary>
    public static ImmutableArray<string> Run(ResourceKey key, ReadOnlySpan<byte> json)
    {
        if (key.Type == Patient)
        {
            return [key.Id];
        }

        // A deletion has no content.
        ImmutableArray<string> patients = [];
        if (json.IsEmpty)
        {
            return patients;
        }

        var reader = new Utf8JsonReader(json, _options);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals("reference"u8))
            {
                continue;
            }

            reader.Read();
            if (reader.TokenType == JsonTokenType.String && IdIn(reader.GetString()) is { } id && !patients.Contains(id))
            {
                patients = patients.Add(id);
            }
        }

        return patients;
    }

    /// <summary>The id that a reference to a patient of this server names, of whichever version; null for anything else.</summary>
    public static string? IdIn(string? reference)
    {
        if (reference?.StartsWith(Prefix, StringComparison.Ordinal) != true)
        {
            return null;
        }

        var id = reference[Prefix.Length..];
        var slash = id.IndexOf('/', StringComparison.Ordinal);
        id = slash < 0 ? id : id[..slash];
        return ResourceKey.IsId(id) ? id : null;
    }

    /// <summary>Ids of the patients that a query string asks for by <c>patient</c>, <c>subject</c> or, of Patients, <c>_id</c>, or by their compartment.</summary>
    public static ImmutableArray<string> InQuery(string? query)
    {
        if (string.IsNullOrEmpty(query))
        {
            return [];
        }

        var mark = query.IndexOf('?', StringComparison.Ordinal);
        var isOfPatients = mark >= 0 && query.AsSpan(0, mark) is Patient;
        ImmutableArray<string> patients = mark >= 0 && IdIn(query[..mark]) is { } owner ? [owner] : [];
        foreach (var pair in query[(mark + 1)..].Split('&'))
        {
            var sign = pair.IndexOf('=', StringComparison.Ordinal);
            var name = sign < 0 ? "" : pair[..sign];
            var isBare = name is "patient" or "patient:Patient" or "subject:Patient" || (isOfPatients && name == "_id");
            if (!isBare && name != "subject")
            {
                continue;
            }

            foreach (var value in Uri.UnescapeDataString(pair[(sign + 1)..]).Split(','))
            {
                var id = IdIn(value) ?? (isBare && ResourceKey.IsId(value) ? value : null);
                if (id is not null && !patients.Contains(id))
                {
                    patients = patients.Add(id);
                }
            }
        }

        return patients;
    }
}
