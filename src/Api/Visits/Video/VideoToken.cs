using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits.Video;

/// <summary>What the tokens of providers have in common: a signature with a shared secret (RFC 7515, HS256).</summary>
internal static class VideoToken
{
    private static readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };

    public static string Sign(JsonObject claims, string secret) => _handler.CreateToken(
        claims.ToJsonString(), new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(secret)), SecurityAlgorithms.HmacSha256));

    /// <summary>Who it is to the provider, the same in the whole visit: nothing that leads to the person elsewhere.</summary>
    public static string IdentityOf(VideoSeat seat) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{seat.Room}/{seat.Member.Participant}")))[..24];
}
