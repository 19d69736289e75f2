using Hl7.Fhir.Model;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Tests.Search;

public sealed class PathParserTests
{
    [Theory]
    [InlineData("Observation.code", "Observation: code")]
    [InlineData("(Observation.value as Quantity) | Observation.code", "Observation: value.as(Quantity) | Observation: code")]
    [InlineData("Condition.onset.as(DateTime)", "Condition: onset.as(dateTime)")]
    [InlineData("(Observation.value as CodeableConcept).text", "Observation: value.as(CodeableConcept).text")]
    [InlineData("Bundle.entry[0].resource", "Bundle: entry.[0].resource")]
    [InlineData("Patient.telecom.where( system = 'phone' )", "Patient: telecom.where(system='phone')")]
    [InlineData("Task.for.where(resolve() is Patient)", "Task: for.where(resolve() is Patient)")]
    [InlineData("%resource.referenceSeq.chromosome", ": %resource.referenceSeq.chromosome")]
    [InlineData("Patient.extension('http://x.org/e').value.ofType(Coding)", "Patient: extension.where(url='http://x.org/e').value.as(Coding)")]
    [InlineData("(Observation | Observation.component).code", "Observation: code | Observation: component.code")]
    public void The_subset_is_read(string expression, string branches) =>
        Assert.Equal(branches, string.Join(" | ", PathParser.Parse(expression)!.Value.Select(branch => $"{branch.Root}: {branch.Text}")));

    [Theory]
    [InlineData("")]
    [InlineData("Observation.")]
    [InlineData("Observation.code)")]
    [InlineData("(Observation.code")]
    [InlineData("Observation.component.first()")]
    [InlineData("Observation.value as Nothing")]
    [InlineData("Observation.component.where(code.exists())")]
    [InlineData("Observation.component[0].code[1]")]
    [InlineData("Observation.code or Observation.value")]
    [InlineData("Observation.code = 'it\\'s'")]
    [InlineData("Observation.status = 'final")]
    public void The_rest_is_left_to_the_SDK(string expression) => Assert.Null(PathParser.Parse(expression));

    [Fact]
    public void What_the_SDK_reads_gives_rows_too()
    {
        const string Expression = "Observation.component.where(value.exists()).code";
        var stored = new StoredParameter(7, IndexKind.Token, Expression, PathParser.Parse(Expression) ?? []);
        Assert.Empty(stored.Branches);
        var observation = HandWritten.Read(HandWritten.BloodPressure);
        var values = new IndexValues();
        var sink = new IndexSink(observation, values);
        sink.StartParameter(RowNumbers.Of(7, isNamed: true));
        Assert.Single(PathCompiler.Compile(stored)).Visit(observation, sink);
        Assert.Equal(["8480-6", "8462-4"], values.Tokens.Select(token => token.Code));
    }

    [Theory]
    [InlineData("true", "true")]
    [InlineData("false", "false")]
    public void What_the_SDK_computes_gives_rows_too(string truth, string code)
    {
        var patient = new Patient { Active = truth == "true" };
        var values = new IndexValues();
        var sink = new IndexSink(patient, values);
        sink.StartParameter(RowNumbers.Of(7, isNamed: true));
        PathCompiler.Compile(new StoredParameter(7, IndexKind.Token, "Patient.active.first() = true", []))[0].Visit(patient, sink);
        Assert.Equal(code, Assert.Single(values.Tokens).Code);
    }
}
