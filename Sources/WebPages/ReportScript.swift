/// JavaScript of a run's report: draws the charts from the page's data.
enum ReportScript {
  static let text = #"""
    const d = pageData, unit = document.getElementById("unit");
    const marks = d.marks.map(m => ({x: m.step, label: m.event.replace("_", " ") + ": " + m.reason}));
    const scaled = (points, factor) => points.map(p => [p[0], ...p.slice(1).map(v => v * factor)]);
    function drawLoss() {
      const inBits = d.bits_per_nat !== null && unit.dataset.unit === "bits";
      unit.textContent = inBits ? "show nats a token" : "show bits per character";
      const factor = inBits ? d.bits_per_nat : 1;
      const ofTest = inBits && d.test && d.test.bits ? d.test.bits / d.test.loss : factor;
      chart(document.getElementById("loss"), {
        title: "Loss, in " + (inBits ? "bits per character" : "nats a token"), x: "step", marks: marks,
        series: [
          {name: "training", color: 1, points: scaled(d.curves.train_loss, factor)},
          {name: "validation", color: 0, points: scaled(d.curves.validation_loss, factor)}],
        lines: d.baselines.map((b, i) => ({name: b.name, color: [7, 4, 3, 2][i], value: b.loss * ofTest}))
          .concat(d.test ? [{name: "test", color: 5, value: d.test.loss * ofTest}] : [])});
    }
    unit.hidden = d.bits_per_nat === null;
    unit.addEventListener("click", () => {
      unit.dataset.unit = unit.dataset.unit === "bits" ? "nats" : "bits";
      drawLoss();
    });
    drawLoss();
    const wide = points => {
      const values = points.flatMap(p => p.slice(1)).filter(v => v > 0);
      return values.length > 0 && Math.max(...values) > 20 * Math.min(...values);
    };
    for (const [id, title, name, color] of [
      ["learning-rate", "Learning rate", "learning_rate", 2], ["gradient-norm", "Gradient norm, before clipping", "gradient_norm", 3],
      ["speed-chart", "Speed, in tokens a second", "tokens_per_second", 6]]) {
      const points = d.curves[name];
      chart(document.getElementById(id), {title: title, x: "step", log: wide(points), series: [{name: title.split(",")[0], color: color, points: points}], marks: marks});
    }
    """#
}
