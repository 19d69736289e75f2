using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace TeleFhir.Api.Tests.Hosting;

/// <summary>The real web server with a certificate of its own: which TLS it speaks, and that browsers come back by it.</summary>
public sealed class TransportTests : IAsyncLifetime
{
    private const string Host = "telehealth.example";
    private const byte Alert = 0x15;
    private const byte Handshake = 0x16;
    private const byte Fatal = 2;
    private const byte ProtocolVersion = 70;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telefhir-tls-");
    private readonly List<IAsyncDisposable> _servers = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task What_is_current_is_spoken_and_browsers_are_told_to_stay_with_it(SslProtocols protocol)
    {
        var port = await StartAsync("https");

        Assert.Contains("\r\nStrict-Transport-Security: max-age=31536000\r\n", await GetAsync(port, protocol, "/health/live"), StringComparison.Ordinal);
        foreach (var path in (string[])["/fhir/metadata", "/fhir/Patient", "/auth/jwks", "/auth/login", "/nowhere"])
        {
            Assert.Contains("\r\nStrict-Transport-Security: ", await GetAsync(port, protocol, path), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_out_of_date_is_refused()
    {
        var port = await StartAsync("https");

        Assert.Equal((Alert, Fatal, ProtocolVersion), await GreetAsync(port, 0x0301));
        Assert.Equal((Alert, Fatal, ProtocolVersion), await GreetAsync(port, 0x0302));

        // The same greeting is a good one where it offers what is current.
        Assert.Equal(Handshake, (await GreetAsync(port, 0x0303)).Type);
    }

    [Theory]
    [InlineData("true", "X-Forwarded-Proto: https\r\n", true)]
    [InlineData("true", "X-Forwarded-Proto: http\r\n", false)]
    [InlineData("true", "", false)]
    [InlineData("false", "X-Forwarded-Proto: https\r\n", false)]
    public async Task Behind_a_proxy_it_goes_by_what_the_proxy_says_where_that_is_trusted(string trusted, string header, bool isTold)
    {
        var port = await StartAsync("http", ("ForwardedHeaders_Enabled", trusted));

        Assert.Equal(isTold, (await GetAsync(port, null, "/health/live", header)).Contains("Strict-Transport-Security", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Hsts:Enabled", "false", null)]
    [InlineData("Hsts:MaxAge", "00:00:00", "max-age=0\r\n")]
    [InlineData("Hsts:MaxAge", "30.00:00:00", "max-age=2592000\r\n")]
    public async Task How_long_it_holds_and_whether_at_all_is_configured(string name, string value, string? expected)
    {
        var answer = await GetAsync(await StartAsync("https", (name, value)), SslProtocols.Tls13, "/health/live");

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Equal(expected is not null, answer.Contains($"Strict-Transport-Security: {expected}", StringComparison.Ordinal));
    }

    private static async Task<string> GetAsync(int port, SslProtocols? protocol, string path, string header = "")
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port, Cancellation);
        Stream stream = socket.GetStream();
        if (protocol is { } demanded)
        {
            var tls = new SslStream(stream);
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = Host,
                    EnabledSslProtocols = demanded,
                    RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == $"CN={Host}",
                },
                Cancellation);
            Assert.Equal(demanded, tls.SslProtocol);
            stream = tls;
        }

        await using (stream)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {Host}\r\n{header}Connection: close\r\n\r\n"), Cancellation);
            using var reader = new StreamReader(stream);
            return await reader.ReadToEndAsync(Cancellation);
        }
    }

    /// <summary>
    /// Greets as a client that speaks no more than a version; by hand, since the library of this machine may not speak it at all. The type of
    /// what comes back and, of an alert, what it says.
    /// </summary>
    private static async Task<(byte Type, byte Level, byte Description)> GreetAsync(int port, ushort version)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port, Cancellation);
        var stream = socket.GetStream();
        await stream.WriteAsync(Hello(version), Cancellation);
        var answer = new byte[7];
        await stream.ReadExactlyAsync(answer, Cancellation);
        return (answer[0], answer[5], answer[6]);
    }

    private static byte[] Hello(ushort version)
    {
        byte[] extensions =
        [
            .. Extension(0, [.. Long(Host.Length + 3), 0, .. Long(Host.Length), .. Encoding.ASCII.GetBytes(Host)]),
            .. Extension(10, [0, 4, 0, 23, 0, 24]), // secp256r1, secp384r1
            .. Extension(11, [1, 0]), // uncompressed points
            .. Extension(13, [0, 8, 4, 1, 5, 1, 8, 4, 2, 1]), // RSA with SHA-256, SHA-384, PSS, SHA-1
        ];

        // ECDHE-RSA with AES-128: GCM, which 1.2 has, and SHA-1, which the older ones have too.
        byte[] body = [.. Long(version), .. RandomNumberGenerator.GetBytes(32), 0, 0, 4, 0xc0, 0x2f, 0xc0, 0x13, 1, 0, .. Long(extensions.Length), .. extensions];
        byte[] message = [1, 0, .. Long(body.Length), .. body];
        return [Handshake, 3, 1, .. Long(message.Length), .. message];
    }

    private static byte[] Extension(int type, byte[] content) => [.. Long(type), .. Long(content.Length), .. content];

    private static byte[] Long(int value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }

    /// <summary>Starts it as in Production; the port that it listens on.</summary>
    private async Task<int> StartAsync(string scheme, params (string Key, string Value)[] settings)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        var file = Path.Combine(_folder.FullName, "server.pfx");
        await File.WriteAllBytesAsync(file, certificate.Export(X509ContentType.Pfx, "secret"), Cancellation);
        var factory = new Factory(
        [
            ("ConnectionStrings:TeleFhir", $"Data Source={Path.Combine(_folder.FullName, "test.db")}"),
            ("Search:PageTokenKeyFile", Path.Combine(_folder.FullName, "page.key")),
            ("Fhir:PublicBaseUrl", $"https://{Host}/fhir"),
            ("Audit:ChainKey", Convert.ToBase64String(new byte[32])),
            ("Kestrel:Endpoints:Test:Url", $"{scheme}://127.0.0.1:0"),
            ("Kestrel:Certificates:Default:Path", file),
            ("Kestrel:Certificates:Default:Password", "secret"),
            .. settings,
        ]);
        _servers.Add(factory);
        factory.UseKestrel();
        factory.StartServer();
        return new Uri(factory.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
    }

    private sealed class Factory((string Key, string Value)[] settings) : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment("Production");
            builder.ConfigureLogging(logging => logging.ClearProviders());
            foreach (var (key, value) in settings)
            {
                builder.UseSetting(key, value);
            }
        }
    }
}
