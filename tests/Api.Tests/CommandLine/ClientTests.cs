using Microsoft.Data.Sqlite;

namespace TeleFhir.Api.Tests.CommandLine;

/// <summary>Clients come and go by command.</summary>
public sealed class ClientTests : IDisposable
{
    private readonly CommandHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task A_client_is_added_listed_and_removed()
    {
        var (code, output) = await _host.RunAsync(
            "client", "add", "portal", "--kind", "symmetric", "--name", "Portal", "--redirect", "https://portal.example/cb",
            "--scope", "launch/patient patient/*.rs", "--scope", "openid", "--may", "introspect");
        Assert.Equal(0, code);
        Assert.Contains("not shown again", output, StringComparison.Ordinal);

        (code, output) = await _host.RunAsync("client", "list");
        Assert.Equal(0, code);
        Assert.Contains("portal  symmetric introspect  Portal  launch/patient patient/*.rs openid", output, StringComparison.Ordinal);

        Assert.Equal(0, (await _host.RunAsync("audit", "verify")).Code);
        var log = await LogAsync();
        Assert.Contains("client-add", log, StringComparison.Ordinal);
        Assert.DoesNotContain("client-list", log, StringComparison.Ordinal);

        Assert.Equal(1, (await _host.RunAsync("client", "add", "portal", "--kind", "public", "--redirect", "https://portal.example/cb")).Code);
        Assert.Equal(0, (await _host.RunAsync("client", "remove", "portal")).Code);
        Assert.Equal(1, (await _host.RunAsync("client", "remove", "portal")).Code);
        Assert.DoesNotContain("portal", (await _host.RunAsync("client", "list")).Output, StringComparison.Ordinal);
    }

    private async Task<string> LogAsync()
    {
        await using var connection = new SqliteConnection($"Data Source={_host.PathOf("command.db")};Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT group_concat(CAST(payload AS TEXT), ' ') FROM audit_log";
        return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    [Theory]
    [InlineData(2)]
    [InlineData(2, "rename", "x")]
    [InlineData(2, "add", "x", "--kind", "private")]
    [InlineData(2, "add", "x", "--kind", "public", "--may", "everything")]
    [InlineData(1, "add", "x", "--kind", "public")]
    [InlineData(1, "add", "x", "--kind", "public", "--redirect", "http://app.example/cb")]
    [InlineData(1, "add", "x", "--kind", "public", "--redirect", "https://app.example/cb", "--scope", "patient/Nothing.rs")]
    [InlineData(1, "add", "x", "--kind", "asymmetric", "--redirect", "https://app.example/cb")]
    [InlineData(1, "add", "x", "--kind", "asymmetric", "--may", "backend", "--jwks", "no-such-file.json")]
    public async Task What_makes_no_sense_is_refused(int expected, params string[] arguments)
    {
        Assert.Equal(expected, (await _host.RunAsync(["client", .. arguments])).Code);
        Assert.Equal(0, (await _host.RunAsync("client", "list")).Code);
    }
}
