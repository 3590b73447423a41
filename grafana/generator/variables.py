"""The dashboards' variables. All are filled from metrics that always exist, so that no board is empty for want of a choice."""

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

from .selectors import OF_NODE

DATASOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")

# On every page of the exporter; both are on the single page.
_ANY_PAGE = '{__name__=~"kafka_vitals_build_info|jmx_scrape_error"'
_OF_EXPORTER = 'cluster=~"$cluster",job=~"$job"'


def datasource() -> builders.DatasourceVariable:
    return builders.DatasourceVariable("datasource").label("Data source").type("prometheus").multi(False)


def cluster() -> builders.QueryVariable:
    # `.*`: the label is optional, and `.+` would leave out what lacks it.
    return query("cluster", "Cluster", f"label_values({_ANY_PAGE}}}, cluster)", all_value=".*")


def job() -> builders.QueryVariable:
    return query("job", "Job", f'label_values({_ANY_PAGE},cluster=~"$cluster"}}, job)')


def exporter() -> builders.QueryVariable:
    return query("exporter", "Exporter", f"label_values(kafka_vitals_build_info{{{_OF_EXPORTER}}}, instance)")


def instance() -> builders.QueryVariable:
    return query("instance", "Instance", f"label_values(jmx_scrape_error{{{_OF_EXPORTER}}}, instance)")


def broker() -> builders.QueryVariable:
    # `.*`: only the single page has the label.
    of = f'{_OF_EXPORTER},instance=~"$instance"'
    return query("broker", "Broker", f"label_values(jmx_scrape_error{{{of}}}, broker)", all_value=".*", number=True)


def topic() -> builders.QueryVariable:
    of = f'{_OF_EXPORTER},instance=~"$exporter"'
    return query("topic", "Topic", f"label_values(kafka_topic_partitions{{{of}}}, topic)")


def group() -> builders.QueryVariable:
    of = f'{_OF_EXPORTER},instance=~"$exporter"'
    return query("group", "Group", f"label_values(kafka_consumergroup_members{{{of}}}, consumergroup)")


def request() -> builders.QueryVariable:
    promql = f"label_values(kafka_request_total_time_seconds_count{{{OF_NODE}}}, request)"
    return _one_of(query("request", "Request", promql), "Produce")


def quantile() -> builders.QueryVariable:
    promql = f"label_values(kafka_network_requestmetrics_totaltimems{{{OF_NODE}}}, quantile)"
    return _one_of(query("quantile", "Quantile", promql, number=True), "0.99")


def query(name: str, label: str, promql: str, *, all_value: str = ".+", number: bool = False) -> builders.QueryVariable:
    """A variable of several values. A value for All keeps the URL and the query short, however many values there are."""
    sort = models.VariableSort.NUMERICAL_ASC if number else models.VariableSort.ALPHABETICAL_ASC
    return (
        builders.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query({"query": promql, "refId": name})
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(sort)
        .multi(True)
        .include_all(True)
        .all_value(all_value)
        .current(models.VariableOption(selected=True, text="All", value="$__all"))
    )


def hidden(variable: builders.QueryVariable) -> builders.QueryVariable:
    """One that links carry from board to board, on a board that has no use for it."""
    return variable.hide(models.VariableHide.HIDE_VARIABLE)


def _one_of(variable: builders.QueryVariable, first: str) -> builders.QueryVariable:
    """One value at a time, `first` in the beginning: for what makes no sense taken together."""
    return variable.multi(False).include_all(False).current(models.VariableOption(selected=True, text=first, value=first))
