using System.Collections.Immutable;
using Hl7.Fhir.Introspection;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Search;

/// <summary>Which types of element a path can end in, from the SDK's description of the R4 types.</summary>
internal static class PathTypes
{
    /// <summary>The possible types; empty where the path names an element that the type does not have.</summary>
    public static ImmutableArray<Type> EndsOf(string resourceType, PathBranch branch)
    {
        var root = ModelInfo.ModelInspector.FindClassMapping(resourceType)!.NativeType;
        ImmutableArray<Type> types = [root];
        foreach (var step in branch.Steps)
        {
            types = step switch
            {
                ChildStep child => [.. types.SelectMany(type => ChildTypes(type, child.Name)).Distinct()],
                CastStep cast => types.Any(type => type.IsAssignableFrom(cast.Type)) ? [cast.Type] : [],
                TestStep => [typeof(FhirBoolean)],
                ResourceStep => [root],
                _ => types,
            };
        }

        return types;
    }

    private static Type[] ChildTypes(Type parent, string name)
    {
        PropertyMapping? property = ModelInfo.ModelInspector.FindClassMapping(parent)?.FindMappedElementByName(name);
        return property?.FhirType ?? [];
    }
}
