using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Glovebox.Tests.Common;

/// <summary>The activities of one source, in the order in which they stopped.</summary>
public sealed class Traces : IDisposable
{
    private readonly ConcurrentQueue<Activity> _stopped = new();
    private readonly ActivityListener _listener;

    /// <param name="source">The source's name; null: one of this test's own, because listeners hear the whole process.</param>
    public Traces(string? source = null)
    {
        Source = source ?? Guid.NewGuid().ToString();
        _listener = new()
        {
            ShouldListenTo = source => source.Name == Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public string Source { get; }

    public List<Activity> Activities => [.. _stopped];

    public void Dispose() => _listener.Dispose();
}

/// <summary>The measurements of one meter.</summary>
public sealed class Measurements : IDisposable
{
    private readonly ConcurrentQueue<(string Instrument, string Text)> _all = new();
    private readonly ConcurrentQueue<Instrument> _instruments = new();
    private readonly MeterListener _listener;
    private int _completed;

    public Measurements(string meter)
    {
        _listener = new()
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == meter)
                {
                    _instruments.Enqueue(instrument);
                    listener.EnableMeasurementEvents(instrument);
                }
            },
            MeasurementsCompleted = (_, _) => Interlocked.Increment(ref _completed),
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value.ToString(CultureInfo.InvariantCulture), tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value.ToString(CultureInfo.InvariantCulture), tags));
        _listener.Start();
    }

    public IReadOnlyCollection<(string Instrument, string Text)> All => _all;

    /// <summary>The instruments that were found.</summary>
    public IReadOnlyCollection<Instrument> Instruments => _instruments;

    /// <summary>How many instruments ended, with their meter.</summary>
    public int Completed => Volatile.Read(ref _completed);

    public List<string> Of(string instrument) => [.. _all.Where(m => m.Instrument == instrument).Select(m => m.Text)];

    /// <summary>Asks instruments that are observed.</summary>
    public void Observe() => _listener.RecordObservableInstruments();

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, string value, ReadOnlySpan<KeyValuePair<string, object?>> tags) => _all.Enqueue(
        (instrument.Name, $"{instrument.Name} {value} [{string.Join(", ", tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}]"));
}
