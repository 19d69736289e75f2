using System.Diagnostics.CodeAnalysis;

namespace TeleFhir.Bench;

/// <summary>Stands in for the test framework in <c>PostgresCluster</c>, which this project shares with the storage tests.</summary>
internal static class Assert
{
    [DoesNotReturn]
    public static void Fail(string reason) => throw new InvalidOperationException(reason);

    [DoesNotReturn]
    public static void Skip(string reason) => throw new InvalidOperationException(reason);
}
