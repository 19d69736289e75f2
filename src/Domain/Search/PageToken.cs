using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>A page of a search as a token names it: the search as it was asked for, and the place to go on from.</summary>
/// <param name="Types">The types of the address; empty for a search of the whole system.</param>
/// <param name="Parameters">The parameters that were applied, in order.</param>
/// <param name="After">The place.</param>
/// <param name="Compartment">Whose compartment the address is of, or null.</param>
public sealed record PageRequest(
    ImmutableArray<string> Types, ImmutableArray<KeyValuePair<string, string>> Parameters, PageCursor After, ResourceKey? Compartment = null);

/// <summary>
/// The opaque parameter of a next link. It carries the whole search, so that the link works as GET after a POST and on every node,
/// and nothing of it can be read from the link. A search of ordinary size makes a token of a few hundred characters; only lists of
/// more than some sixty random ids make one of over 1,900.
/// </summary>
/// <param name="key">Secret, at least 32 random bytes, the same on every node.</param>
public sealed class PageToken(byte[] key)
{
    private readonly SealedToken _token = new(key, "search-page-2");

    /// <summary>The token of the page of this search that starts after a place.</summary>
    public string Encode(SearchQuery query, PageCursor after) => _token.Seal(writer =>
    {
        // With _type the address named no types: the parameter is applied again when the token is read.
        var types = query.Applied.Any(parameter => parameter.Key == SearchDraft.Type) ? [] : query.Types;
        writer.Write7BitEncodedInt(types.Length);
        foreach (var type in types)
        {
            writer.Write(type);
        }

        writer.Write7BitEncodedInt(query.Applied.Length);
        foreach (var (name, value) in query.Applied)
        {
            writer.Write(name);
            writer.Write(value);
        }

        writer.Write(query.Compartment?.ToString() ?? "");
        writer.Write7BitEncodedInt64(after.Key);
        writer.Write7BitEncodedInt(after.Values.Length);
        foreach (var value in after.Values)
        {
            Write(writer, value);
        }
    });

    /// <summary>The page that a token names; 400 where this server did not make it.</summary>
    public PageRequest Decode(string token) => _token.Open(token, reader =>
    {
        var types = ReadAll(reader, () => reader.ReadString());
        var parameters = ReadAll(reader, () => new KeyValuePair<string, string>(reader.ReadString(), reader.ReadString()));
        ResourceKey? compartment = ResourceKey.TryParse(reader.ReadString(), out var owner) ? owner : null;
        var key = reader.Read7BitEncodedInt64();
        return new PageRequest(types, parameters, new PageCursor(ReadAll(reader, () => Read(reader)), key), compartment);
    });

    private static ImmutableArray<T> ReadAll<T>(BinaryReader reader, Func<T> read)
    {
        var items = ImmutableArray.CreateBuilder<T>();
        for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
        {
            items.Add(read());
        }

        return items.ToImmutable();
    }

    private static void Write(BinaryWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.Write('n');
                break;
            case long number:
                writer.Write('l');
                writer.Write(number);
                break;
            case double number:
                writer.Write('d');
                writer.Write(number);
                break;
            case string text:
                writer.Write('s');
                writer.Write(text);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(value), value.GetType(), "is no type of a sort value");
        }
    }

    private static object? Read(BinaryReader reader) => reader.ReadChar() switch
    {
        'l' => reader.ReadInt64(),
        'd' => reader.ReadDouble(),
        's' => reader.ReadString(),
        _ => null,
    };
}
