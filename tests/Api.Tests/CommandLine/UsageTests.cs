using System.Text.RegularExpressions;
using TeleFhir.Api.CommandLine;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.CommandLine;

public sealed class UsageTests : IDisposable
{
    private readonly CommandHost _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("serve")]
    [InlineData("import")]
    [InlineData("import", "no-such-file.json")]
    [InlineData("import", ".", "--parallel", "0")]
    [InlineData("import", ".", "--parallel", "many")]
    [InlineData("import", ".", "--parallel")]
    [InlineData("import", ".", "--fast")]
    [InlineData("export")]
    [InlineData("export", "a", "b")]
    [InlineData("export", "a", "--type", "Person1")]
    [InlineData("migrate", "now")]
    public async Task Wrong_usage_is_told_and_ends_with_2(params string[] args)
    {
        var (code, output) = await _host.RunAsync(args);

        Assert.Equal(2, code);
        Assert.Matches("(?m)^(Usage|See): ", output);
    }

    [Fact]
    public async Task An_export_never_mixes_with_what_is_there()
    {
        var file = _host.File("out/mine.txt", "x");

        Assert.Equal(2, (await _host.RunAsync("export", _host.PathOf("out"))).Code);
        Assert.Equal(2, (await _host.RunAsync("export", file)).Code);
    }

    [Fact]
    public async Task An_empty_folder_is_nothing_to_import()
    {
        Directory.CreateDirectory(_host.PathOf("empty"));

        Assert.Equal(2, (await _host.RunAsync("import", _host.PathOf("empty"))).Code);
    }

    [Fact]
    public async Task Help_lists_the_commands_whatever_the_configuration()
    {
        var (code, output) = await _host.RunAsync("help", "--Auth:Mode=Nobody");

        Assert.Equal(0, code);
        Assert.All(["import", "export", "reindex", "migrate", "help"], command => Assert.Contains($"\n  {command}", output.ReplaceLineEndings("\n"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_user_is_added_with_a_password_that_works()
    {
        var (code, output) = await _host.RunAsync("user", "add", "root", "--role", "administrator");
        Assert.Equal(0, code);
        var password = Regex.Match(output, "password ([a-z2-9]{20}) ").Groups[1].Value;
        var check = await _host.WithAsync<IUserAccounts, PasswordCheck>(accounts =>
            accounts.CheckPasswordAsync("root", password, null, TestContext.Current.CancellationToken));
        Assert.Equal(UserRole.Administrator, check.Account?.Role);

        Assert.Equal(1, (await _host.RunAsync("user", "add", "ROOT", "--role", "administrator")).Code);
        Assert.Equal(1, (await _host.RunAsync("user", "add", "amy", "--role", "patient")).Code);
        Assert.Equal(2, (await _host.RunAsync("user", "add", "amy", "--role", "king")).Code);
        Assert.Equal(2, (await _host.RunAsync("user", "remove", "root")).Code);
    }

    [Fact]
    public async Task Migrate_says_how_many_and_then_that_nothing_is_left()
    {
        var (code, output) = await _host.RunAsync("migrate");
        Assert.Equal(0, code);
        Assert.Matches(@"^\d+ migrations applied", output);

        (code, output) = await _host.RunAsync("migrate");
        Assert.Equal(0, code);
        Assert.Contains("up to date", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_setting_is_told_in_one_line()
    {
        var (code, output) = await _host.RunAsync("migrate", "--Search:MaxCount=0");

        Assert.Equal(1, code);
        Assert.Contains("Search:MaxCount", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Configuration_gets_the_settings_and_no_path()
    {
        string[] args = ["import", "/tmp/a=b.json", "/tmp/file", "--Database:Provider", "PostgreSql", "--parallel", "2", "--urls=http://x"];

        Assert.Equal(["--Database:Provider=PostgreSql", "--urls=http://x"], Command.SettingsIn(args));
        Assert.Equal(["--urls", "http://x"], Command.SettingsIn(["--urls", "http://x"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(true, "--urls=http://localhost:1")]
    [InlineData(true, "--environment", "Production")]
    [InlineData(false, "import", "x")]
    [InlineData(false, "nonsense")]
    [InlineData(false, "--help")]
    public void Without_a_command_it_serves(bool serves, params string[] args) => Assert.Equal(serves, Command.Find(args) is null);
}
