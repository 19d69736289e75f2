using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>
/// The parameters of an operation: those of the address, and those of a Parameters resource behind a POST
/// (https://hl7.org/fhir/R4/operations.html#executing). A name that the operation does not know is a 400.
/// </summary>
internal sealed class OperationInput
{
    private readonly List<(string Name, Base? Value)> _given;
    private readonly string _operation;

    private OperationInput(List<(string Name, Base? Value)> given, string operation) => (_given, _operation) = (given, operation);

    public static async Task<OperationInput> ReadAsync(
        FhirRequest request, FhirServer server, string operation, string[] known, CancellationToken cancellationToken)
    {
        var given = request.Parameters.Select(pair => (pair.Key, (Base?)new FhirString(pair.Value))).ToList();
        if (!request.Body.IsEmpty)
        {
            var json = await request.Body.ReadJsonAsync(server.Options.Limits.ResourceBytes, cancellationToken);
            given.AddRange(((Parameters)FhirJson.Parse(json, "Parameters")).Parameter
                .Select(parameter => (parameter.Name ?? "", (Base?)parameter.Value ?? parameter.Resource)));
        }

        return given.Find(parameter => !known.Contains(parameter.Item1)) is { Item1: { } unknown }
            ? throw FhirException.NotSupported($"${operation} has no parameter {(unknown.Length > 64 ? unknown[..64] : unknown)}.")
            : new(given, operation);
    }

    /// <summary>The only value of this name in its text form, or null.</summary>
    public string? Text(string name) => All(name) switch
    {
        [] => null,
        [var one] => one.ToString() ?? "",
        _ => throw Wrong(name, "is given more than once"),
    };

    /// <summary>All values of this name.</summary>
    public List<Base> All(string name) => [.. _given.Where(parameter => parameter.Name == name).Select(parameter => parameter.Value).OfType<Base>()];

    /// <summary>All values of this name in their text form, with commas between them or as values of their own.</summary>
    public List<string> Texts(string name) =>
        [.. All(name).SelectMany(value => (value.ToString() ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    /// <summary>A whole number from 1; null where it is not given.</summary>
    public int? Count(string name, int most) => Text(name) switch
    {
        null => null,
        { } text when int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var count) && count > 0 =>
            Math.Min(count, most),
        _ => throw Wrong(name, "must be a whole number from 1"),
    };

    public bool Flag(string name) => Text(name)?.ToLowerInvariant() switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw Wrong(name, "must be true or false"),
    };

    public FhirException Wrong(string name, string text) => FhirException.Invalid($"${_operation}: {name} {text}.");
}
