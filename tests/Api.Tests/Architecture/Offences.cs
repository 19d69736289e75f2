namespace TeleFhir.Api.Tests.Architecture;

internal static class Offences
{
    /// <summary>Names every offence whole, where the usual assertions shorten the list and its entries.</summary>
    public static void None(IEnumerable<string?> offences)
    {
        var found = offences.ToList();
        if (found.Count > 0)
        {
            Assert.Fail(string.Join(Environment.NewLine, found));
        }
    }
}
