using System.Buffers;
using System.Text.Json;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// Copies tokens of a reader as they were written: numbers digit for digit, strings escape for escape, white space between them dropped.
/// Utf8JsonWriter would escape every string anew. The buffer is pooled; dispose returns it.
/// </summary>
internal sealed class JsonTokenWriter : IDisposable
{
    private readonly bool _indented;
    private byte[] _buffer;
    private int _length;
    private int _depth;
    private State _state = State.Start;

    public JsonTokenWriter(int capacity, bool indented = false)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(capacity, 256));
        _indented = indented;
    }

    private enum State
    {
        Start,
        Opened,
        Named,
        Valued,
    }

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>Writes the reader's current token.</summary>
    public void Write(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.PropertyName:
                Name(reader.ValueSpan);
                break;
            case JsonTokenType.String:
                String(reader.ValueSpan);
                break;
            case JsonTokenType.StartObject:
                Open((byte)'{');
                break;
            case JsonTokenType.StartArray:
                Open((byte)'[');
                break;
            case JsonTokenType.EndObject:
                Close((byte)'}');
                break;
            case JsonTokenType.EndArray:
                Close((byte)']');
                break;
            default:
                Separate();
                Append(reader.ValueSpan);
                _state = State.Valued;
                break;
        }
    }

    /// <summary>Writes the reader's current value whole: a property with its value, an object, an array or a scalar.</summary>
    public void WriteValue(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.PropertyName)
        {
            Write(ref reader);
            reader.Read();
        }

        var depth = reader.CurrentDepth;
        Write(ref reader);
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.CurrentDepth > depth)
            {
                Write(ref reader);
            }

            Write(ref reader);
        }
    }

    /// <summary>A property name, already escaped.</summary>
    public void Name(ReadOnlySpan<byte> name)
    {
        Separate();
        Quote(name);
        Append((byte)':');
        if (_indented)
        {
            Append((byte)' ');
        }

        _state = State.Named;
    }

    /// <summary>A string, already escaped.</summary>
    public void String(ReadOnlySpan<byte> value)
    {
        Separate();
        Quote(value);
        _state = State.Valued;
    }

    /// <summary>Sound JSON, as it is: one value, or properties with commas between them.</summary>
    public void Raw(ReadOnlySpan<byte> json)
    {
        if (!json.IsEmpty)
        {
            Separate();
            Append(json);
            _state = State.Valued;
        }
    }

    /// <summary>Opens an object or array.</summary>
    public void Open(byte bracket)
    {
        Separate();
        Append(bracket);
        _depth++;
        _state = State.Opened;
    }

    /// <summary>Closes an object or array.</summary>
    public void Close(byte bracket)
    {
        _depth--;
        if (_state != State.Opened)
        {
            BreakLine();
        }

        Append(bracket);
        _state = State.Valued;
    }

    /// <summary>A place to come back to with <see cref="Reset"/>; equal to another if nothing was written between them.</summary>
    public (int Length, int Depth, int State) Mark() => (_length, _depth, (int)_state);

    /// <summary>Forgets what was written since the mark.</summary>
    public void Reset((int Length, int Depth, int State) mark)
    {
        (_length, _depth) = (mark.Length, mark.Depth);
        _state = (State)mark.State;
    }

    /// <summary>A copy of what was written, of just that size.</summary>
    public byte[] ToArray() => Written.ToArray();

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _length = 0;
    }

    private void Separate()
    {
        if (_state == State.Valued)
        {
            Append((byte)',');
        }

        if (_state is State.Valued or State.Opened && _depth > 0)
        {
            BreakLine();
        }
    }

    private void BreakLine()
    {
        if (_indented)
        {
            Append((byte)'\n');
            var spaces = 2 * _depth;
            Ensure(spaces);
            _buffer.AsSpan(_length, spaces).Fill((byte)' ');
            _length += spaces;
        }
    }

    private void Quote(ReadOnlySpan<byte> value)
    {
        Ensure(value.Length + 2);
        _buffer[_length++] = (byte)'"';
        value.CopyTo(_buffer.AsSpan(_length));
        _length += value.Length;
        _buffer[_length++] = (byte)'"';
    }

    private void Append(byte value)
    {
        Ensure(1);
        _buffer[_length++] = value;
    }

    private void Append(ReadOnlySpan<byte> value)
    {
        Ensure(value.Length);
        value.CopyTo(_buffer.AsSpan(_length));
        _length += value.Length;
    }

    private void Ensure(int more)
    {
        if (_buffer.Length - _length >= more)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + more));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
