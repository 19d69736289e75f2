using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using TeleFhir.Issuer;

// An OpenID Connect issuer for tests: metadata and keys as any has them, and addresses with which a test makes it mint what it needs.
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
await using var app = builder.Build();
var clock = TimeProvider.System;
var keys = new ConcurrentStack<SigningKey>([new SigningKey("key-1")]);
var revoked = new ConcurrentDictionary<string, bool>();
var fetches = 0;

string IssuerOf(HttpContext context) => $"http://{context.Request.Host}";

app.MapGet("/.well-known/openid-configuration", (HttpContext context) =>
{
    Interlocked.Increment(ref fetches);
    return new JsonObject
    {
        ["issuer"] = IssuerOf(context),
        ["authorization_endpoint"] = $"{IssuerOf(context)}/authorize",
        ["token_endpoint"] = $"{IssuerOf(context)}/token",
        ["introspection_endpoint"] = $"{IssuerOf(context)}/introspect",
        ["jwks_uri"] = $"{IssuerOf(context)}/jwks",
    };
});
app.MapGet("/jwks", () => new JsonObject { ["keys"] = new JsonArray([.. keys.SelectMany(key => key.Published())]) });
app.MapPost("/introspect", async (HttpContext context) =>
{
    var form = await context.Request.ReadFormAsync(context.RequestAborted);
    if (context.Request.Headers.Authorization.ToString() != "Basic " + Convert.ToBase64String("telefhir:introspect"u8))
    {
        return Results.Unauthorized();
    }

    return Results.Json(new { active = !revoked.ContainsKey(form["token"].ToString()) });
});

// What follows no real issuer has.
app.MapPost("/test/mint", (Order order, HttpContext context) =>
{
    if (!keys.TryPeek(out var key))
    {
        throw new InvalidOperationException("There is no key.");
    }

    var (header, claims) = Shapes.Of(order.Shape, order.Grant, IssuerOf(context), clock.GetUtcNow().ToUnixTimeSeconds());
    Change(header, order.Header);
    Change(claims, order.Claims);
    return key.Sign(order.Algorithm, header, claims);

    static void Change(JsonObject json, JsonObject? changes)
    {
        foreach (var (name, value) in changes ?? [])
        {
            json[name] = value?.DeepClone();
            if (value is null)
            {
                json.Remove(name);
            }
        }
    }
});
app.MapPost("/test/rotate", (string id, bool keep) =>
{
    if (!keep)
    {
        keys.Clear();
    }

    keys.Push(new SigningKey(id));
});
app.MapPost("/test/revoke", async (HttpContext context) =>
{
    using var reader = new StreamReader(context.Request.Body);
    revoked[await reader.ReadToEndAsync(context.RequestAborted)] = true;
});
app.MapGet("/test/fetches", () => fetches);

await app.RunAsync();

/// <summary>What to mint: a product's shape, and what to change about it.</summary>
internal sealed record Order(string Shape, Grant Grant, string Algorithm = "RS256", JsonObject? Header = null, JsonObject? Claims = null);
