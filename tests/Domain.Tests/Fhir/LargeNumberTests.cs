using System.Text;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Tests.Fhir;

public sealed class LargeNumberTests
{
    [Theory]
    [InlineData("-1.000000000000000000E+245")]
    [InlineData("99999999999999999999999999999999")]
    [InlineData("1e-245")]
    public void A_number_beyond_decimal_is_accepted(string number)
    {
        FhirJson.Parse(Observation(number));
        FhirJson.Parse(Observation($"\n  {number}\n"));
    }

    [Theory]
    [InlineData("\"1.0\"")]
    [InlineData("\"1\"")]
    [InlineData("true")]
    public void Anything_else_in_its_place_is_refused(string value)
    {
        Assert.Throws<FhirException>(() => FhirJson.Parse(Observation(value)));
        Assert.Throws<FhirException>(() => FhirJson.Parse(Observation($"\n  {value}\n")));
    }

    private static byte[] Observation(string value) => Encoding.UTF8.GetBytes(
        "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"ä\"},\n\"valueQuantity\":{\"unit\":\"€\",\"value\":" + value + "}}");
}
