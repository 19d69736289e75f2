using System.Text.Json.Nodes;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// The one or many values of an element in FHIR JSON: a property and, for primitives with an id or extensions, its companion with an
/// underscore, whose items stand side by side (https://hl7.org/fhir/R4/json.html#primitive).
/// </summary>
/// <param name="Owner">The object that has the property.</param>
/// <param name="Name">The name of the property.</param>
internal readonly record struct JsonSlot(JsonObject Owner, string Name)
{
    private string CompanionName => "_" + Name;

    /// <summary>Whether there is a value or a companion.</summary>
    public bool IsEmpty => Owner[Name] is null && Owner[CompanionName] is null;

    /// <summary>How many items the list has.</summary>
    public int Count => Math.Max((Owner[Name] as JsonArray)?.Count ?? 0, (Owner[CompanionName] as JsonArray)?.Count ?? 0);

    /// <summary>The value, or the item of the list.</summary>
    public JsonNode? At(int? index) => Owner[Name] is JsonArray items ? items.ElementAtOrDefault(index ?? 0) : Owner[Name];

    /// <summary>The companion of the value or of the item, made where there is none.</summary>
    public JsonObject CompanionAt(int? index)
    {
        if (Owner[Name] is not JsonArray && Owner[CompanionName] is not JsonArray)
        {
            return ObjectOf(Owner[CompanionName]) is { } single ? single : New(Owner, CompanionName);
        }

        Pad(CompanionName, (index ?? 0) + 1);
        var companions = Owner[CompanionName]!.AsArray();
        if (companions[index ?? 0] is JsonObject companion)
        {
            return companion;
        }

        companion = [];
        companions[index ?? 0] = companion;
        return companion;
    }

    /// <summary>Makes this the only value.</summary>
    public void Set(PatchValue value)
    {
        Put(Name, value.Json);
        Put(CompanionName, value.Companion);
    }

    /// <summary>Puts an item into the list, before the one at this place.</summary>
    public void Insert(int index, PatchValue value)
    {
        var count = Count;
        Insert(Name, index, value.Json, count);
        Insert(CompanionName, index, value.Companion, count);
    }

    /// <summary>Takes away the value or the item; a list without items goes too.</summary>
    public PatchValue Remove(int? index) => new(Remove(Name, index), Remove(CompanionName, index), "");

    private static JsonObject? ObjectOf(JsonNode? node) => node as JsonObject;

    private static JsonObject New(JsonObject owner, string name)
    {
        var made = new JsonObject();
        owner[name] = made;
        return made;
    }

    private void Put(string name, JsonNode? value)
    {
        if (value is null)
        {
            Owner.Remove(name);
        }
        else
        {
            Owner[name] = value;
        }
    }

    // Lists side by side are as long as each other as far as they have something.
    private void Insert(string name, int index, JsonNode? value, int count)
    {
        if (value is null && Owner[name] is null)
        {
            return;
        }

        Pad(name, Math.Min(index, count));
        var items = Owner[name]!.AsArray();
        items.Insert(Math.Min(index, items.Count), value);
    }

    private void Pad(string name, int count)
    {
        if (Owner[name] is not JsonArray items)
        {
            items = [];
            Owner[name] = items;
        }

        while (items.Count < count)
        {
            items.Add(null);
        }
    }

    private JsonNode? Remove(string name, int? index)
    {
        var value = Owner[name];
        if (value is not JsonArray items)
        {
            Owner.Remove(name);
            return value;
        }

        JsonNode? item = null;
        if (index is { } place && place < items.Count)
        {
            item = items[place];
            items.RemoveAt(place);
        }

        if (items.All(other => other is null))
        {
            Owner.Remove(name);
        }

        return item;
    }
}

/// <summary>A value as a patch brings it.</summary>
/// <param name="Json">The JSON; null for a primitive that has a companion alone.</param>
/// <param name="Companion">Id and extensions of a primitive, or null.</param>
/// <param name="Type">The type as the name of its property says: <c>HumanName</c>, <c>DateTime</c>; empty where that says nothing.</param>
internal sealed record PatchValue(JsonNode? Json, JsonNode? Companion, string Type);
