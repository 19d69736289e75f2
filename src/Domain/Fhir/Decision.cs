using System.Diagnostics.CodeAnalysis;

namespace TeleFhir.Domain.Fhir;

/// <summary>What a rule decided: what is to become, or why it may not. One of the two is there, never both.</summary>
/// <typeparam name="T">What is to become.</typeparam>
public sealed class Decision<T>
    where T : class
{
    private Decision(T? value, Refusal? refusal) => (Value, Refusal) = (value, refusal);

    /// <summary>What is to become, where it may.</summary>
    public T? Value { get; }

    /// <summary>Why it may not, where it may not.</summary>
    public Refusal? Refusal { get; }

    /// <summary>Whether it may.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsAllowed => Refusal is null;

    /// <summary>It may.</summary>
    public static implicit operator Decision<T>(T value) => new(value, null);

    /// <summary>It may not.</summary>
    public static implicit operator Decision<T>(Refusal refusal) => new(null, refusal);

    /// <summary>What is to become, or the answer that it may not as an exception.</summary>
    public T OrThrow(Canonicals canonicals) => IsAllowed ? Value : throw Refusal.ToException(canonicals);
}
