using System.Globalization;
using System.Text;
using System.Text.Json;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// Where a reader stands in a resource, as a FHIRPath such as <c>Patient.name[1].given[0]</c>. It keeps offsets and counters only;
/// text is made when somebody asks for it, which is when something is wrong.
/// </summary>
internal ref struct ElementPath(ReadOnlySpan<byte> json, Span<ElementPath.Frame> frames)
{
    private readonly ReadOnlySpan<byte> _json = json;
    private readonly Span<Frame> _frames = frames;
    private int _depth = -1;

    /// <summary>One open object or array.</summary>
    public struct Frame
    {
        /// <summary>Where it starts.</summary>
        public int Start;

        /// <summary>Where the name of the current property starts; of an array the place of the current item.</summary>
        public int Place;

        /// <summary>How long the name of the current property is.</summary>
        public int NameLength;

        /// <summary>How many properties were seen.</summary>
        public int Count;

        /// <summary>Whether it is an array.</summary>
        public bool IsArray;

        /// <summary>Whether a property name begins with an underscore.</summary>
        public bool HasCompanions;

        /// <summary>Whether there is a resourceType.</summary>
        public bool HasType;
    }

    /// <summary>The innermost open object or array.</summary>
    public readonly ref Frame Current => ref _frames[_depth];

    /// <summary>To be called for each token before it is looked at.</summary>
    public void Enter(scoped in Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.PropertyName:
                // The token starts at the quote.
                Current.Place = (int)reader.TokenStartIndex + 1;
                Current.NameLength = reader.ValueSpan.Length;
                break;
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                CountItem();
                _frames[++_depth] = new Frame
                {
                    Start = (int)reader.TokenStartIndex,
                    IsArray = reader.TokenType == JsonTokenType.StartArray,
                    Place = -1,
                };
                break;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                // Before the object's own end the path is the object's again, not its last property's.
                Current.Place = -1;
                break;
            default:
                CountItem();
                break;
        }
    }

    /// <summary>To be called for each token after it was looked at.</summary>
    public void Leave(scoped in Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
        {
            _depth--;
        }
    }

    /// <summary>Whether the current value is that of a property of this name.</summary>
    public readonly bool IsNamed(ReadOnlySpan<byte> name) => _depth >= 0 && NameOf(_depth).SequenceEqual(name);

    /// <summary>Whether the object just opened is the value of a property of this name.</summary>
    public readonly bool ParentIsNamed(ReadOnlySpan<byte> name) => _depth > 0 && NameOf(_depth - 1).SequenceEqual(name);

    /// <summary>Whether the object or array just opened is an item of an array.</summary>
    public readonly bool IsItem() => _depth > 0 && _frames[_depth - 1].IsArray;

    /// <summary>Whether the innermost object stands where a resource must: an item of <c>contained</c>, or a <c>resource</c>.</summary>
    public readonly bool HoldsResource() =>
        _depth >= 2 && _frames[_depth - 1].IsArray
            ? NameOf(_depth - 2).SequenceEqual("contained"u8)
            : _depth >= 1 && NameOf(_depth - 1).SequenceEqual("resource"u8) && IsResourceParent();

    /// <summary>The path from the root, which is called <paramref name="root"/>.</summary>
    public readonly string ToString(string root)
    {
        var text = new StringBuilder(root);
        for (var i = 0; i <= _depth; i++)
        {
            ref var frame = ref _frames[i];
            if (frame.Place < 0)
            {
                continue;
            }

            if (frame.IsArray)
            {
                text.Append(CultureInfo.InvariantCulture, $"[{frame.Place}]");
            }
            else
            {
                text.Append('.').Append(ElementNames.ElementOf(Encoding.UTF8.GetString(NameOf(i)).TrimStart('_')));
            }
        }

        return text.ToString();
    }

    // "resource" is also a Reference or a code in a few backbones (Linkage.item, SubstanceSpecification): only these two hold resources.
    private readonly bool IsResourceParent() =>
        _depth >= 3 && _frames[_depth - 2].IsArray && NameOf(_depth - 3) is var name
        && (name.SequenceEqual("entry"u8) || name.SequenceEqual("parameter"u8) || name.SequenceEqual("part"u8));

    private readonly ReadOnlySpan<byte> NameOf(int depth)
    {
        ref var frame = ref _frames[depth];
        return frame.IsArray || frame.Place < 0 ? default : _json.Slice(frame.Place, frame.NameLength);
    }

    private readonly void CountItem()
    {
        if (_depth >= 0 && Current.IsArray)
        {
            Current.Place++;
        }
    }
}
