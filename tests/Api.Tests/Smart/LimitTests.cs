using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>What only servers for real patients do.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task Whoever_asks_too_often_has_to_wait()
    {
        await using var server = await StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => server.PostAsync("/auth/register", "{}")));

        Assert.Equal(20, answers.Count(answer => answer.Status == HttpStatusCode.Unauthorized));
        var refused = answers.Where(answer => answer.Status == HttpStatusCode.TooManyRequests).ToList();
        Assert.Equal(20, refused.Count);
        Assert.NotNull(refused[0].Headers.RetryAfter);
        Assert.NotEmpty(refused[0].Json["error"]!.GetValue<string>());

        // Each address of the server has a count of its own.
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/auth/jwks")).Status);
    }

    [Fact]
    public async Task With_a_certificate_the_key_ring_in_the_database_cannot_be_opened_by_whoever_copies_it()
    {
        var folder = Directory.CreateTempSubdirectory("telefhir-ring-");
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=ring", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue.AddYears(-1));
        var file = Path.Combine(folder.FullName, "ring.pfx");
        await File.WriteAllBytesAsync(file, certificate.Export(X509ContentType.Pfx, "secret"), TestContext.Current.CancellationToken);

        await using var sealedOne = await StartAsync(("Auth:KeyRingCertificate", file), ("Auth:KeyRingPassword", "secret"));
        await using var open = await StartAsync();

        Assert.All(RingOf(sealedOne), element => Assert.Contains("EncryptedData", element, StringComparison.Ordinal));
        Assert.All(RingOf(open), element => Assert.DoesNotContain("EncryptedData", element, StringComparison.Ordinal));
        folder.Delete(recursive: true);
    }

    private static IReadOnlyList<string> RingOf(TelehealthHost server)
    {
        var elements = server.Services.GetRequiredService<IKeyRing>().List();
        Assert.NotEmpty(elements);
        return elements;
    }

    private static Task<TelehealthHost> StartAsync(params (string Key, string Value)[] settings) => TelehealthHost.StartAsync(builder =>
    {
        builder.UseEnvironment("Production");
        builder.UseSetting("Auth:Mode", "Embedded");
        builder.UseSetting("Auth:InitialAccessToken", "an-initial-access-token-of-32-characters-or-more");
        builder.UseSetting("Fhir:PublicBaseUrl", "https://telehealth.example/fhir");
        foreach (var (name, value) in settings)
        {
            builder.UseSetting(name, value);
        }
    });
}
