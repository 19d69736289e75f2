using System.Net;
using System.Text.Json;
using System.Text.Unicode;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// Walks the tokens before the SDK parses them (about a microsecond for an Observation) and finds what the SDK overlooks or fails on:
/// text that is no JSON or no Unicode, resources without a known type, and primitives whose <c>_name</c> companion does not fit.
/// </summary>
internal static class JsonScan
{
    // A value of two bytes becomes an object of hundreds; this many are some 200 MB.
    private const int _maxTokens = 1_000_000;

    // No R4 type has a tenth as many; checks below compare the properties of an object with each other.
    private const int _maxProperties = 500;

    /// <summary>The root's type and the faults found. What leaves no resource to speak of is thrown as 400.</summary>
    public static (string Type, List<OperationOutcome.IssueComponent> Issues) Run(ReadOnlySpan<byte> json, string? source)
    {
        EnsureText(json, source);
        try
        {
            var type = RootType(json, source);
            var issues = Walk(json, source ?? type);
            return issues.Count < FaultIssues.MaxIssues ? (type, issues) : throw new FhirException(HttpStatusCode.BadRequest, issues);
        }
        catch (JsonException exception)
        {
            throw Malformed(exception, source);
        }
    }

    /// <summary>Throws 400 unless the bytes are UTF-8 text.</summary>
    public static void EnsureText(ReadOnlySpan<byte> json, string? source)
    {
        var fault = json.IsEmpty ? "The body is empty; a resource in JSON is expected."
            : json.StartsWith("\uFEFF"u8) ? "The JSON starts with a byte order mark; send UTF-8 without one."
            : !Utf8.IsValid(json) ? "The body is not valid UTF-8."
            : null;
        if (fault is not null)
        {
            throw FhirException.Invalid(fault, source);
        }
    }

    /// <summary>
    /// Throws 400 unless the bytes are JSON whose escapes stand for whole characters other than NUL: for what is no resource and nothing
    /// else looks through.
    /// </summary>
    public static void EnsureCharacters(ReadOnlySpan<byte> json, string? source)
    {
        EnsureText(json, source);
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = FhirJson.MaxDepth });
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String && !IsText(ref reader))
                {
                    throw FhirException.Invalid("The body has a string with half a character or a NUL.", source);
                }
            }
        }
        catch (JsonException exception)
        {
            throw Malformed(exception, source);
        }
    }

    /// <summary>The 400 for text that is no JSON, with the place where it stops being so.</summary>
    public static FhirException Malformed(JsonException exception, string? source)
    {
        var place = exception.LineNumber is { } line ? $" (line {line + 1}, byte {exception.BytePositionInLine + 1})" : string.Empty;
        // The reader has one exception type for all; only its text tells this case.
        var isDepth = exception.Message.Contains("maximum configured depth", StringComparison.Ordinal);
        var text = isDepth ? $"The JSON is nested more than {FhirJson.MaxDepth} levels deep" : "The body is not well-formed JSON";
        return FhirException.Invalid($"{text}{place}.", source);
    }

    private static string RootType(ReadOnlySpan<byte> json, string? source)
    {
        var reader = new Utf8JsonReader(json);
        if (reader.Read() && reader.TokenType != JsonTokenType.StartObject)
        {
            throw FhirException.Invalid($"A resource is a JSON object, not {Describe(reader.TokenType)}.", source);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = IsText(ref reader) && reader.ValueTextEquals("resourceType"u8);
            reader.Read();
            if (!isType)
            {
                reader.Skip();
                continue;
            }

            if (reader.TokenType != JsonTokenType.String)
            {
                throw FhirException.Invalid($"resourceType is a string, not {Describe(reader.TokenType)}.", source);
            }

            var type = IsText(ref reader) ? reader.GetString() : null;
            return ResourceCatalog.IsKnown(type)
                ? type!
                : throw FhirException.Invalid("resourceType does not name a resource type of R4.", source);
        }

        throw FhirException.Invalid("The resource has no resourceType.", source);
    }

    private static List<OperationOutcome.IssueComponent> Walk(ReadOnlySpan<byte> json, string root)
    {
        var issues = new List<OperationOutcome.IssueComponent>();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = FhirJson.MaxDepth });
        var path = new ElementPath(json, stackalloc ElementPath.Frame[FhirJson.MaxDepth + 1]);
        for (var tokens = 1; reader.Read(); tokens++)
        {
            if (tokens > _maxTokens)
            {
                throw FhirException.Of(
                    HttpStatusCode.RequestEntityTooLarge, OperationOutcome.IssueType.TooCostly, "The resource has too many elements.");
            }

            path.Enter(in reader);
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName when reader.ValueSpan.IsEmpty || !IsText(ref reader):
                    Add(ref path, "A property has no usable name.");
                    break;
                case JsonTokenType.PropertyName when ++path.Current.Count == _maxProperties:
                    throw FhirException.Invalid("An object has more properties than any element of R4.", path.ToString(root));
                case JsonTokenType.PropertyName when reader.ValueSpan[0] == (byte)'_':
                    path.Current.HasCompanions = true;
                    break;
                case JsonTokenType.PropertyName when reader.ValueTextEquals("resourceType"u8):
                    if (path.Current.HasType)
                    {
                        Add(ref path, "resourceType is given twice.");
                    }

                    path.Current.HasType = true;
                    break;
                case JsonTokenType.StartObject when path.ParentIsNamed("contained"u8):
                    Add(ref path, "contained is an array of resources.");
                    break;
                case JsonTokenType.StartArray when path.IsItem():
                    Add(ref path, "An array within an array has no meaning in FHIR.");
                    break;
                case JsonTokenType.EndObject:
                    CheckObject(json[path.Current.Start..(int)reader.BytesConsumed], ref path);
                    break;
                case JsonTokenType.String when reader.ValueIsEscaped && !IsText(ref reader):
                    Add(ref path, "The text holds a character that is not allowed: U+0000 or half of a surrogate pair.");
                    break;
                case JsonTokenType.String when path.IsNamed("resourceType"u8) && !ResourceCatalog.IsKnown(reader.GetString()):
                    Add(ref path, "resourceType does not name a resource type of R4.");
                    break;
            }

            path.Leave(in reader);
        }

        return issues;

        void Add(ref ElementPath at, string text, string? element = null)
        {
            if (issues.Count < FaultIssues.MaxIssues)
            {
                var expression = at.ToString(root) + (element is null ? string.Empty : "." + element);
                issues.Add(FhirException.Issue(OperationOutcome.IssueType.Structure, text, expression));
            }
        }

        void CheckObject(ReadOnlySpan<byte> span, ref ElementPath at)
        {
            if (!at.Current.HasType && at.HoldsResource())
            {
                Add(ref at, "The resource has no resourceType.");
            }

            if (at.Current.HasCompanions)
            {
                foreach (var (element, text, isFatal) in CompanionFaults(span))
                {
                    Add(ref at, text, element);
                    if (isFatal)
                    {
                        throw new FhirException(HttpStatusCode.BadRequest, issues);
                    }
                }
            }
        }
    }

    /// <summary>
    /// <c>_birthDate</c> carries the id and extensions of <c>birthDate</c>; for lists the two arrays run in step
    /// (https://hl7.org/fhir/R4/json.html#primitive).
    /// </summary>
    private static List<(string Element, string Text, bool IsFatal)> CompanionFaults(ReadOnlySpan<byte> span)
    {
        var faults = new List<(string, string, bool)>();
        var reader = new Utf8JsonReader(span);
        using var document = JsonDocument.ParseValue(ref reader);
        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (!property.Name.StartsWith('_') || property.Name.Length == 1)
            {
                continue;
            }

            var name = property.Name[1..];
            if (!IsCompanion(property.Value))
            {
                // Not left to the SDK, which takes kilobytes for each item of such a list.
                return [(name, $"_{name} holds objects with id and extensions, or null in a list.", true)];
            }

            if (document.RootElement.TryGetProperty(name, out var value))
            {
                var (isList, isCompanionList) = (value.ValueKind == JsonValueKind.Array, property.Value.ValueKind == JsonValueKind.Array);
                if (isList != isCompanionList)
                {
                    faults.Add((name, $"{name} and _{name} must either both be arrays or neither.", false));
                }
                else if (isList && value.GetArrayLength() != property.Value.GetArrayLength())
                {
                    faults.Add((name, $"{name} and _{name} must have the same length.", false));
                }
            }
            else if (ElementNames.ElementOf(name) is var element && element != name && HasOtherChoice(document.RootElement, element, name))
            {
                faults.Add((element, $"{element}[x] may have one type only.", false));
            }
        }

        return faults;
    }

    private static bool IsCompanion(JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.Object or JsonValueKind.Null)
        : value.ValueKind == JsonValueKind.Object;

    private static bool HasOtherChoice(JsonElement parent, string element, string name) => parent.EnumerateObject()
        .Select(other => other.Name.TrimStart('_'))
        .Any(other => other != name && ElementNames.ElementOf(other) == element);

    // The SDK and PostgreSQL both refuse these; only escapes can smuggle them past the UTF-8 check.
    private static bool IsText(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            return true;
        }

        try
        {
            return !reader.GetString()!.Contains('\0', StringComparison.Ordinal);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static string Describe(JsonTokenType token) => token switch
    {
        JsonTokenType.StartArray => "an array",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "a boolean",
    };
}
