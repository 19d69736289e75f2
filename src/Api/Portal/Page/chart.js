// A chart of readings over their limits, drawn by Apache ECharts. It is loaded when the first chart is wanted.
import { make } from './elements.js';

let loaded = null;

function library() {
  loaded ??= new Promise((resolve, reject) => {
    const script = make('script', { src: '/app/echarts.js' });
    script.addEventListener('load', () => resolve(globalThis.echarts));
    script.addEventListener('error', () => reject(new Error('The charts could not be loaded.')));
    document.head.append(script);
  });
  return loaded;
}

const color = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const symbols = ['circle', 'diamond', 'triangle'];

export class Chart {
  #place; #drawn = null;

  constructor(place) {
    this.#place = place;
  }

  /**
   * Draws series of points with their limits, over a span of time.
   * @param series [{name, unit, low, high, points: [{at, value}]}]; low and high may be undefined
   * @param zone the zone whose days and hours are written
   */
  async draw(series, from, to, zone) {
    const echarts = await library();
    if (!this.#drawn) {
      this.#drawn = echarts.init(this.#place, null, { renderer: 'svg' });
      new ResizeObserver(() => this.#drawn.resize()).observe(this.#place);
    }
    const [ink, soft, line, accent, bad, good, ground] = ['ink', 'soft', 'line', 'accent', 'bad', 'good', 'card'].map(color);
    const lines = [accent, ink, soft];
    const isOut = (one, value) => value < one.low || value > one.high;
    this.#drawn.setOption({
      animation: false,
      color: lines,
      textStyle: { fontFamily: 'system-ui, sans-serif', color: ink },
      grid: { left: 48, right: 16, top: 40, bottom: 32 },
      legend: { top: 0, textStyle: { color: ink }, data: series.map(one => one.name) },
      tooltip: {
        trigger: 'axis', renderMode: 'richText', backgroundColor: ground, borderColor: line, textStyle: { color: ink },
        formatter: points => [zone.moment(points[0].value[0]), ...points.map(point => `${point.seriesName}: ${point.value[1]} ${series[point.seriesIndex].unit}`)].join('\n'),
      },
      xAxis: { type: 'time', min: from, max: to, axisLine: { lineStyle: { color: line } }, axisLabel: { color: soft, hideOverlap: true } },
      yAxis: { type: 'value', scale: true, name: series[0]?.unit, nameTextStyle: { color: soft }, axisLabel: { color: soft }, splitLine: { lineStyle: { color: line, opacity: .5 } } },
      series: series.map((one, number) => ({
        name: one.name,
        type: 'line',
        symbol: symbols[number % symbols.length],
        symbolSize: 6,
        showAllSymbol: one.points.length < 200,
        lineStyle: { width: 1.5 },
        data: one.points.map(({ at, value }) => ({ value: [at, value], ...(isOut(one, value) ? { itemStyle: { color: bad }, symbolSize: 9 } : {}) })),
        markLine: {
          symbol: 'none', silent: true, lineStyle: { color: bad, type: 'dashed', opacity: .8 }, label: { color: bad, formatter: limit => `${one.name} ${limit.value}` },
          data: [[one.low, 'insideEndBottom'], [one.high, 'insideEndTop']].filter(([limit]) => limit !== undefined)
            .map(([limit, position]) => ({ yAxis: limit, label: { position } })),
        },
        markArea: one.low === undefined || one.high === undefined ? undefined
          : { silent: true, itemStyle: { color: good, opacity: .08 }, data: [[{ yAxis: one.low }, { yAxis: one.high }]] },
      })),
    }, { notMerge: true });
  }
}
