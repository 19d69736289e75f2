using Microsoft.Extensions.Options;
using TeleFhir.Api.Binaries;
using TeleFhir.Api.Hosting;
using TeleFhir.Api.Monitoring;
using TeleFhir.Api.Portal;
using TeleFhir.Api.Scheduling;
using TeleFhir.Api.Scheduling.Reminders;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Api.Subscriptions;
using TeleFhir.Api.Visits;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api;

/// <summary>All settings of the server, bound from the root of the configuration and validated at start.</summary>
internal sealed class TeleFhirOptions
{
    public DatabaseOptions Database { get; set; } = new();

    public ConnectionOptions ConnectionStrings { get; set; } = new();

    public FhirOptions Fhir { get; set; } = new();

    public AuthOptions Auth { get; set; } = new();

    public AccessOptions Access { get; set; } = new();

    public AuditOptions Audit { get; set; } = new();

    public DemoOptions Demo { get; set; } = new();

    public SearchOptions Search { get; set; } = new();

    public StorageOptions Storage { get; set; } = new();

    public LimitOptions Limits { get; set; } = new();

    public AsyncOptions Async { get; set; } = new();

    public StrictTransportOptions Hsts { get; set; } = new();

    public VisitOptions Visits { get; set; } = new();

    public SchedulingOptions Scheduling { get; set; } = new();

    public ReminderOptions Reminders { get; set; } = new();

    public SubscriptionOptions Subscriptions { get; set; } = new();

    public PortalOptions Portal { get; set; } = new();

    public BinaryOptions Binary { get; set; } = new();
    public MonitoringOptions Monitoring { get; set; } = new();

    internal sealed class DatabaseOptions
    {
        public string Provider { get; set; } = "Sqlite";
    }

    internal sealed class ConnectionOptions
    {
        public string TeleFhir { get; set; } = "Data Source=data/telefhir.db";
    }

    internal sealed class FhirOptions
    {
        /// <summary>The FHIR base as clients see it; required in Production.</summary>
        public string? PublicBaseUrl { get; set; }

        /// <summary>Base of the project's own code systems, topics and extensions.</summary>
        public string CanonicalBase { get; set; } = Canonicals.Default;
    }

    internal sealed class AuthOptions
    {
        public string Mode { get; set; } = "Embedded";

        /// <summary>Authorization servers whose tokens are taken, besides the embedded one or instead of it.</summary>
        public IReadOnlyList<IssuerOptions> Issuers { get; set; } = [];

        /// <summary>Tokens that live longer are refused; revocations are remembered for this long.</summary>
        public TimeSpan LongestTokenLife { get; set; } = TimeSpan.FromDays(1);

        /// <summary>How long access tokens of the embedded authorization server live.</summary>
        public TimeSpan AccessTokenLife { get; set; } = TimeSpan.FromMinutes(5);

        /// <summary>What an application shows to register itself outside Development; null means that none can.</summary>
        public string? InitialAccessToken { get; set; }

        /// <summary>PKCS#12 file of the certificate that seals the key ring in the database, the same on all nodes; null leaves it unsealed.</summary>
        public string? KeyRingCertificate { get; set; }

        /// <summary>The password of that file.</summary>
        public string? KeyRingPassword { get; set; }

        /// <summary>Who runs this server, for applications that list such places.</summary>
        public string BrandName { get; set; } = "TeleFhir";
    }

    internal sealed class AccessOptions
    {
        /// <summary>Which patients' records clinicians reach: Organization or All.</summary>
        public string UserPolicy { get; set; } = "Organization";
    }

    internal sealed class AuditOptions
    {
        /// <summary>False is refused in Production.</summary>
        public bool Enabled { get; set; } = true;

        /// <summary>32 bytes or more in base64 that make the hashes of the trail unforgeable; the same on every node and for ever.</summary>
        public string? ChainKey { get; set; }
    }

    internal sealed class DemoOptions
    {
        /// <summary>Null means: in Development only.</summary>
        public bool? Seed { get; set; }
    }

    internal sealed class StorageOptions
    {
        /// <summary>Whether references to resources of this server must lead somewhere: 422 and 409 where they would not.</summary>
        public bool EnforceReferences { get; set; }
    }

    internal sealed class SearchOptions
    {
        public int DefaultCount { get; set; } = 50;

        public int MaxCount { get; set; } = 1000;

        public int DefaultTotalLimit { get; set; } = 1000;

        /// <summary>Whether every word of every resource is indexed for <c>_content</c>; after turning it on run <c>reindex --everything yes</c>.</summary>
        public bool IndexContent { get; set; }

        /// <summary>32 bytes in base64 that seal page links; nodes that share a database must share it. Without it a key file is kept.</summary>
        public string? PageTokenKey { get; set; }

        /// <summary>Where the key file is kept when no key is configured.</summary>
        public string PageTokenKeyFile { get; set; } = Path.Combine("data", "page-token.key");
    }

    internal sealed class AsyncOptions
    {
        /// <summary>How many requests with <c>Prefer: respond-async</c> this server runs at a time; none leaves them to others.</summary>
        public int Workers { get; set; } = 2;

        /// <summary>How many a caller may have that are not done.</summary>
        public int MostPerCaller { get; set; } = 20;

        /// <summary>For how long an answer is there to be fetched.</summary>
        public TimeSpan AnswerKept { get; set; } = TimeSpan.FromDays(1);
    }

    internal sealed class LimitOptions
    {
        public int ResourceBytes { get; set; } = 16 * 1024 * 1024;

        public int BundleBytes { get; set; } = 64 * 1024 * 1024;

        public int FormBytes { get; set; } = 1024 * 1024;

        public int BundleEntries { get; set; } = 10_000;

        public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

        public TimeSpan BundleTimeout { get; set; } = TimeSpan.FromMinutes(5);

        public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(30);
    }

    internal sealed class StrictTransportOptions
    {
        /// <summary>False where a proxy sends Strict-Transport-Security itself.</summary>
        public bool Enabled { get; set; } = true;

        /// <summary>How long browsers insist on https; zero has them forget it.</summary>
        public TimeSpan MaxAge { get; set; } = TimeSpan.FromDays(365);
    }
}

/// <summary>What a wrong setting is told at start, one sentence for each.</summary>
internal sealed class TeleFhirOptionsValidator(IConfiguration configuration, IHostEnvironment environment) : IValidateOptions<TeleFhirOptions>
{
    public ValidateOptionsResult Validate(string? name, TeleFhirOptions options)
    {
        var faults = new List<string>();
        if (options.Database.Provider is not ("Sqlite" or "PostgreSql"))
        {
            faults.Add("Database:Provider must be Sqlite or PostgreSql.");
        }

        if (string.IsNullOrWhiteSpace(options.ConnectionStrings.TeleFhir)
            || (options.Database.Provider == "PostgreSql" && options.ConnectionStrings.TeleFhir == new TeleFhirOptions().ConnectionStrings.TeleFhir))
        {
            faults.Add("ConnectionStrings:TeleFhir must name the database.");
        }

        faults.AddRange(options.Visits.Faults());
        CheckAuth(options, faults);
        CheckAddress("Fhir:PublicBaseUrl", options.Fhir.PublicBaseUrl, faults);
        CheckAddress("Fhir:CanonicalBase", options.Fhir.CanonicalBase, faults);
        if (options.Fhir.PublicBaseUrl is null && !environment.IsDevelopment())
        {
            faults.Add("Fhir:PublicBaseUrl, the FHIR base as clients see it, is required outside Development.");
        }

        if (options.Demo.Seed == true && environment.IsProduction())
        {
            faults.Add("Demo:Seed must not be true in Production.");
        }

        if (!options.Audit.Enabled && environment.IsProduction())
        {
            faults.Add("Audit:Enabled must not be false in Production.");
        }

        if (options.Audit.ChainKey is { } chainKey
            && !(Convert.TryFromBase64String(chainKey, new byte[chainKey.Length], out var keyLength) && keyLength >= 32))
        {
            faults.Add("Audit:ChainKey must be at least 32 bytes in base64.");
        }

        if (options.Access.UserPolicy is not ("Organization" or "All"))
        {
            faults.Add("Access:UserPolicy must be Organization or All.");
        }

        if (options.Hsts.MaxAge < TimeSpan.Zero)
        {
            faults.Add("Hsts:MaxAge must not be negative.");
        }

        CheckSearch(options.Search, faults);
        CheckLimits(options.Limits, faults);
        faults.AddRange(options.Scheduling.Faults());
        faults.AddRange(options.Reminders.Faults());
        faults.AddRange(options.Subscriptions.Faults());
        faults.AddRange(options.Binary.Faults());
        faults.AddRange(options.Monitoring.Faults());
        if (options.Async is { Workers: < 0 } or { MostPerCaller: < 1 } || options.Async.AnswerKept <= TimeSpan.Zero)
        {
            faults.Add("Async:Workers must not be below zero, Async:MostPerCaller and Async:AnswerKept must be above it.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private void CheckAuth(TeleFhirOptions options, List<string> faults)
    {
        switch (options.Auth.Mode)
        {
            case "None" when !environment.IsDevelopment():
                faults.Add("Auth:Mode=None switches access control off and is allowed in Development only.");
                break;
            case "None" when ListeningAddresses.Of(configuration).FirstOrDefault(address => !ListeningAddresses.IsLoopback(address)) is { } open:
                faults.Add($"Auth:Mode=None switches access control off and is allowed on loopback addresses only, not on {open}.");
                break;
            case "None" or "Embedded" or "External" or "Both":
                break;
            default:
                faults.Add("Auth:Mode must be Embedded, External, Both or None.");
                break;
        }

        if (options.Auth.Mode is "Embedded" or "Both")
        {
            CheckEmbedded(options, faults);
        }

        faults.AddRange(IssuerCheck.Faults(options.Auth, environment.IsProduction()));
    }

    private void CheckEmbedded(TeleFhirOptions options, List<string> faults)
    {
        if (environment.IsProduction() && options.Fhir.PublicBaseUrl?.StartsWith("https://", StringComparison.OrdinalIgnoreCase) == false)
        {
            faults.Add("Fhir:PublicBaseUrl must be https in Production, since the authorization server is at the same origin.");
        }

        if (options.Auth.AccessTokenLife < TimeSpan.FromMinutes(1) || options.Auth.AccessTokenLife > TimeSpan.FromHours(1)
            || options.Auth.AccessTokenLife > options.Auth.LongestTokenLife)
        {
            faults.Add("Auth:AccessTokenLife must be from one minute to one hour, and not above Auth:LongestTokenLife.");
        }

        if (options.Auth.InitialAccessToken is { Length: < 32 })
        {
            faults.Add("Auth:InitialAccessToken must be 32 characters or more.");
        }

        if (options.Auth.KeyRingCertificate is { } certificate && !File.Exists(certificate))
        {
            faults.Add("Auth:KeyRingCertificate must be a PKCS#12 file.");
        }
    }

    private static void CheckAddress(string key, string? value, List<string> faults)
    {
        if (value is not null
            && (!Uri.TryCreate(value, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")
                || address.Query.Length > 0 || address.Fragment.Length > 0))
        {
            faults.Add($"{key} must be an absolute http or https address without query or fragment.");
        }
    }

    private static void CheckSearch(TeleFhirOptions.SearchOptions search, List<string> faults)
    {
        if (search.MaxCount is < 1 or > 10_000)
        {
            faults.Add("Search:MaxCount must be from 1 to 10000.");
        }

        if (search.DefaultCount < 1 || search.DefaultCount > search.MaxCount)
        {
            faults.Add("Search:DefaultCount must be from 1 to Search:MaxCount.");
        }

        if (search.DefaultTotalLimit < 0)
        {
            faults.Add("Search:DefaultTotalLimit must not be negative.");
        }

        if (search.PageTokenKey is { } key && !(Convert.TryFromBase64String(key, new byte[key.Length], out var length) && length == 32))
        {
            faults.Add("Search:PageTokenKey must be 32 bytes in base64.");
        }
    }

    private static void CheckLimits(TeleFhirOptions.LimitOptions limits, List<string> faults)
    {
        (string Key, long Value)[] sizes =
        [
            ("ResourceBytes", limits.ResourceBytes), ("BundleBytes", limits.BundleBytes), ("FormBytes", limits.FormBytes),
            ("BundleEntries", limits.BundleEntries), ("RequestTimeout", limits.RequestTimeout.Ticks),
            ("BundleTimeout", limits.BundleTimeout.Ticks), ("ShutdownTimeout", limits.ShutdownTimeout.Ticks),
        ];
        faults.AddRange(sizes.Where(size => size.Value <= 0).Select(size => $"Limits:{size.Key} must be above zero."));
    }
}
