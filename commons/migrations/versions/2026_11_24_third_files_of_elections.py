"""files of elections, what is checked of them, taxes of vouchers"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_third"
down_revision = "2026_11_24_second"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "election_file",
        sa.Column("election_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["election_id"], ["election.id"], name=op.f("fk_election_file_election_id")),
        sa.PrimaryKeyConstraint("election_id", "name", name=op.f("pk_election_file")),
    )
    with op.batch_alter_table("election", schema=None) as batch_op:
        batch_op.add_column(sa.Column("complaints_end", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("fault", sa.Text(), nullable=True))

    with op.batch_alter_table("voucher", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rate", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("voucher", schema=None) as batch_op:
        batch_op.drop_column("rate")

    with op.batch_alter_table("election", schema=None) as batch_op:
        batch_op.drop_column("fault")
        batch_op.drop_column("checked_at")
        batch_op.drop_column("complaints_end")

    op.drop_table("election_file")
