using System.Collections.Immutable;
using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Terminology;

/// <summary>
/// The parameters of an operation, from the address and from a Parameters resource (https://hl7.org/fhir/R4/operations.html#executing).
/// One that the operation does not have is 400: an answer that passes it over could be taken for what was asked.
/// </summary>
internal sealed class OperationInput
{
    private readonly List<(string Name, Base Value)> _values = [];

    private OperationInput()
    {
    }

    /// <summary>Reads the input; <paramref name="names"/> are the parameters that the operation has.</summary>
    public static async Task<OperationInput> ReadAsync(
        FhirRequest request, FhirServer server, ImmutableArray<string> names, CancellationToken cancellationToken)
    {
        var input = new OperationInput();
        foreach (var (name, value) in request.Parameters)
        {
            input._values.Add((name, new FhirString(value)));
        }

        if (!request.Body.IsEmpty)
        {
            var json = await request.Body.ReadJsonAsync(server.Options.Limits.ResourceBytes, cancellationToken);
            if (!json.IsEmpty)
            {
                input.Add((Parameters)FhirJson.Parse(json, "Parameters"));
            }
        }

        return input._values.Find(value => !names.Contains(value.Name)) is { Name: not null }
            ? throw FhirException.NotSupported($"The parameters that are understood are {string.Join(", ", names)}.")
            : input;
    }

    /// <summary>All values of a parameter as text.</summary>
    public IEnumerable<string> Texts(string name) => _values.Where(value => value.Name == name)
        .Select(value => (value.Value as PrimitiveType)?.ToString() ?? throw FhirException.Invalid($"{name} must be a plain value."));

    /// <summary>The value of a parameter as text, or null.</summary>
    public string? Text(string name)
    {
        var texts = Texts(name).Take(2).ToList();
        return texts.Count > 1 ? throw FhirException.Invalid($"{name} may be given once.") : texts is [{ Length: > 0 } text] ? text : null;
    }

    /// <summary>A whole number from 0, or null.</summary>
    public int? Number(string name) => Text(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw FhirException.Invalid($"{name} must be a whole number from 0.");

    /// <summary>Whether a parameter is given and true.</summary>
    public bool Flag(string name) => Text(name) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw FhirException.Invalid($"{name} must be true or false."),
    };

    /// <summary>A parameter that is no plain value, or null.</summary>
    public T? Find<T>(string name)
        where T : Base =>
        _values.FirstOrDefault(value => value.Name == name).Value switch
        {
            null => null,
            T value => value,
            _ => throw FhirException.Invalid($"{name} must be a {typeof(T).Name}, in the content."),
        };

    private void Add(Parameters parameters)
    {
        foreach (var parameter in parameters.Parameter)
        {
            if (parameter.Value is { } value)
            {
                _values.Add((parameter.Name!, value));
            }
            else if (parameter.Resource is { } resource)
            {
                _values.Add((parameter.Name!, resource));
            }
        }
    }
}
