using System.Text;
using TeleFhir.Domain.Access;

namespace TeleFhir.Domain.Tests.Access;

public sealed class TimeCodeTests
{
    // The secret of RFC 6238, appendix B; its codes have eight digits, of which generators show the last six.
    private static readonly byte[] _secret = Encoding.ASCII.GetBytes("12345678901234567890");

    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void Codes_are_those_of_the_RFC(long seconds, string code)
    {
        var moment = DateTimeOffset.FromUnixTimeSeconds(seconds);
        var step = TimeCode.StepAt(moment);

        Assert.Equal(code, TimeCode.CodeAt(_secret, step));
        Assert.Equal(step, TimeCode.StepOf(_secret, $"{code[..3]} {code[3..]}", moment));
        Assert.Equal(step, TimeCode.StepOf(_secret, code, moment.AddSeconds(30)));
        Assert.Equal(step, TimeCode.StepOf(_secret, code, moment.AddSeconds(-30)));
        Assert.Null(TimeCode.StepOf(_secret, code, moment.AddSeconds(60)));
        Assert.Null(TimeCode.StepOf(_secret, code, moment.AddSeconds(-60)));
        Assert.Null(TimeCode.StepOf(_secret, "", moment));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Secrets_are_written_in_base32(string text, string base32) => Assert.Equal(base32, TimeCode.Base32(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void The_address_names_the_server_the_user_and_the_secret() => Assert.Equal(
        "otpauth://totp/TeleFhir:dr%20lee?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=TeleFhir&algorithm=SHA1&digits=6&period=30",
        TimeCode.Address(_secret, "TeleFhir", "dr lee"));
}
