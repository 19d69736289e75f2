using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>
/// The parameters of an operation: those of the address, and those of a Parameters resource behind a POST
/// (https://hl7.org/fhir/R4/operations.html#executing). One that the operation does not have is 400: an answer that passes it over could be
/// taken for what was asked.
/// </summary>
internal sealed class OperationInput
{
    private readonly List<(string Name, Base? Value)> _given;
    private readonly string _operation;
    private readonly byte[] _sent;

    private OperationInput(List<(string Name, Base? Value)> given, string operation, byte[] sent) => (_given, _operation, _sent) = (given, operation, sent);

    /// <summary>A digest of all that was sent, to know the same request again.</summary>
    public string Digest => Convert.ToHexString(SHA256.HashData(_sent));

    /// <summary>Reads the input; <paramref name="names"/> are the parameters that the operation has.</summary>
    public static async Task<OperationInput> ReadAsync(
        FhirRequest request, FhirServer server, string operation, string[] names, CancellationToken cancellationToken)
    {
        var given = request.Parameters.Select(pair => (pair.Key, (Base?)new FhirString(pair.Value))).ToList();
        var json = ReadOnlyMemory<byte>.Empty;
        if (!request.Body.IsEmpty)
        {
            json = await request.Body.ReadJsonAsync(server.Options.Limits.ResourceBytes, cancellationToken);
            if (!json.IsEmpty)
            {
                given.AddRange(((Parameters)FhirJson.Parse(json, "Parameters")).Parameter
                    .Select(parameter => (parameter.Name ?? "", (Base?)parameter.Value ?? parameter.Resource)));
            }
        }

        return given.Find(parameter => !names.Contains(parameter.Item1)) is { Item1: { } unknown }
            ? throw FhirException.NotSupported(
                $"${operation} has no parameter {(unknown.Length > 64 ? unknown[..64] : unknown)}"
                + (names.Length == 0 ? "." : $"; it has {string.Join(", ", names)}."))
            : new(given, operation, [.. Encoding.UTF8.GetBytes($"{request.Url}\n{string.Join('&', request.Parameters)}\n"), .. json.Span]);
    }

    /// <summary>All values of this name.</summary>
    public List<Base> All(string name) => [.. _given.Where(parameter => parameter.Name == name).Select(parameter => parameter.Value).OfType<Base>()];

    /// <summary>All values of this name as text.</summary>
    public IEnumerable<string> Texts(string name) =>
        All(name).Select(value => (value as PrimitiveType)?.ToString() ?? throw Wrong(name, "must be a plain value"));

    /// <summary>All values of this name as text, with commas between them or as values of their own.</summary>
    public List<string> List(string name) =>
        [.. Texts(name).SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    /// <summary>The only value of this name as text; null where it is absent or empty.</summary>
    public string? Text(string name)
    {
        var texts = Texts(name).Take(2).ToList();
        return texts.Count > 1 ? throw Wrong(name, "is given more than once") : texts is [{ Length: > 0 } text] ? text : null;
    }

    /// <summary>A whole number of at least this; null where it is not given.</summary>
    public int? Number(string name, int least = 0) => Text(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least ? number
        : throw Wrong(name, $"must be a whole number from {least}");

    /// <summary>Whether a parameter is given and true.</summary>
    public bool Flag(string name) => Text(name) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw Wrong(name, "must be true or false"),
    };

    /// <summary>A parameter that is no plain value; null where it is not given.</summary>
    public T? Find<T>(string name)
        where T : Base => All(name) switch
        {
            [] => null,
            [T value] => value,
            _ => throw Wrong(name, $"must be given once, as a {typeof(T).Name} in the content"),
        };

    public FhirException Wrong(string name, string text) => FhirException.Invalid($"${_operation}: {name} {text}.");
}
