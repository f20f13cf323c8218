"""The PD at origination: what PD-RISE and the stage compare with.

Taken at the first decision; anew when the first facility and the first statement come, for until then the credit file was not
complete. A new model moves it by what it changes at the client as it stood: by itself it is no rise of the risk.
"""

from online_models.scorecard import inside, logit, sigmoid
from schemas.state import ClientState


def originate(client: ClientState) -> None:
    """Enters the PD as the one at origination, if more is known than when it was taken, or nothing has been taken."""
    level = bool(client.facilities) + bool(client.statement_x)
    if client.origin_pd < 0 or (level > client.origin_level and not client.defaulted_day):
        client.origin_pd, client.origin_level = sigmoid(client.logit), level


def carry_over(client: ClientState, rescored: float) -> None:
    """The origin as another model would have had it: `rescored` is the new model's logit of the client as last scored."""
    if client.origin_pd >= 0:
        was = logit(inside(client.origin_pd))
        client.origin_pd = sigmoid(was + rescored - client.logit)
    client.logit = rescored
