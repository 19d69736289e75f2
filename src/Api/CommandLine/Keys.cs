using Spectre.Console;
using TeleFhir.Api.Smart;

namespace TeleFhir.Api.CommandLine;

/// <summary>
/// <c>keys rotate</c>: the authorization server signs with a new key, tokens of the old one stay good until they run out.
/// <c>keys replace</c>: for a key that got out; what any old key signed is refused at once.
/// </summary>
internal static class Keys
{
    public static async Task<int> RunAsync(
        IServiceProvider services, CommandArguments arguments, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var keys = services.GetRequiredService<ServerKeys>();
        switch (arguments.Operands)
        {
            case ["rotate"]:
                console.Say($"Key {await keys.RotateAsync(cancellationToken)} signs in half a minute, when every node knows it.");
                return 0;
            case ["replace"]:
                console.Say($"Key {await keys.ReplaceAsync(cancellationToken)} signs now. Nodes that run refuse all other keys within {ServerKeys.Period.TotalSeconds:0} s.");
                return 0;
            default:
                throw new UsageException("keys takes rotate or replace.");
        }
    }
}
