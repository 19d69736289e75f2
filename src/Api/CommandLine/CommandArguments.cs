using System.Collections.Immutable;
using System.Globalization;

namespace TeleFhir.Api.CommandLine;

/// <summary>What follows a command's name: operands, the command's options, and settings, which configuration reads by itself.</summary>
internal sealed record CommandArguments(ImmutableArray<string> Operands, ImmutableArray<KeyValuePair<string, string>> Options)
{
    /// <summary>
    /// The settings among the arguments of a command, as <c>--Key:Name=value</c>. Configuration gets no others: it would take a path that
    /// starts with a slash for the name of a setting, and what follows for its value.
    /// </summary>
    public static string[] SettingsIn(string[] args)
    {
        var settings = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i].StartsWith("--", StringComparison.Ordinal) && args[i].Contains('=', StringComparison.Ordinal))
            {
                settings.Add(args[i]);
            }
            else if (IsSettingName(args[i]) && i + 1 < args.Length)
            {
                settings.Add($"{args[i]}={args[++i]}");
            }
        }

        return [.. settings];
    }

    public static CommandArguments Parse(ReadOnlySpan<string> args, IReadOnlyCollection<string> known)
    {
        var operands = ImmutableArray.CreateBuilder<string>();
        var options = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith('-'))
            {
                operands.Add(args[i]);
                continue;
            }

            var mark = args[i].IndexOf('=', StringComparison.Ordinal);
            var name = (mark < 0 ? args[i] : args[i][..mark]).TrimStart('-');
            var isOption = known.Contains(name);
            if (!isOption && (mark < 0 ? !IsSettingName(args[i]) : !args[i].StartsWith("--", StringComparison.Ordinal)))
            {
                throw new UsageException($"There is no option {args[i]}.");
            }

            var value = mark >= 0 ? args[i][(mark + 1)..]
                : i + 1 < args.Length ? args[++i]
                : throw new UsageException($"{args[i]} needs a value.");
            if (isOption)
            {
                options.Add(new(name, value));
            }
        }

        return new(operands.ToImmutable(), options.ToImmutable());
    }

    public IEnumerable<string> All(string option) => Options.Where(given => given.Key == option).Select(given => given.Value);

    /// <summary>A whole number from 1 to <paramref name="most"/>, or the default where the option is not given.</summary>
    public int Number(string option, int most, int otherwise) => All(option).LastOrDefault() switch
    {
        null => otherwise,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most => number,
        _ => throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--{option} takes a number from 1 to {most}.")),
    };

    /// <summary>For commands that take none.</summary>
    public void DemandNoOperands()
    {
        if (!Operands.IsEmpty)
        {
            throw new UsageException($"{Operands[0]} is too much.");
        }
    }

    private static bool IsSettingName(string argument) =>
        argument.StartsWith("--", StringComparison.Ordinal) && argument.Contains(':', StringComparison.Ordinal);
}
